using CapOrleans.Core.Access;
using CapOrleans.Core.Sealing;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate.Settings;
using CapOrleans.Notify;

namespace CapOrleans.Silo.Files;

/// <summary>
/// A node's files. Only the owner can access them, whatever the umask; secrets are created at the first start. Where
/// the directory holds the log, a lock file keeps a second node out. Nodes of a cluster on one machine share the
/// directory; on several machines, each needs a copy of the secrets.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode OthersUse =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly string path;
    private readonly FileStream? lockFile;

    private DataDirectory(string path, FileStream? lockFile) => (this.path, this.lockFile) = (path, lockFile);

    /// <summary>
    /// Whether the directory existed before, with permissions that let others list it or replace its files.
    /// </summary>
    public bool IsOpenToOthers => (File.GetUnixFileMode(path) & OthersUse) != 0;

    public string LogFile => Path.Combine(path, "log.db");

    public string BlockFile => Path.Combine(path, "blocks.db");

    public string GrainStateFile => Path.Combine(path, "grain-state.db");

    public string IdentityFile => Path.Combine(path, "identity.key");

    public string SpoolFile => Path.Combine(path, "spool.db");

    public string OriginsFile => Path.Combine(path, "log-origins");

    public string AdminTokenFile => Path.Combine(path, "admin-token");

    /// <exception cref="IOException">
    /// Another node uses the directory, it cannot be written, or someone else owns it or can write it.
    /// </exception>
    /// <param name="isShared">Whether the log is elsewhere, so that other nodes may use the directory as well.</param>
    public static DataDirectory Open(string path, bool isShared)
    {
        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        if (FileTrust.FolderFault(path) is { } fault)
        {
            throw new IOException($"DATA_DIR cannot be trusted: {fault}"); // a key planted there would be the admin's
        }

        // The directory may be in a checkout, and it holds secrets. Nodes that start at the same time all write the
        // same.
        using (var ignore = new StreamWriter(Path.Combine(path, ".gitignore"), Owned(FileMode.OpenOrCreate, FileShare.ReadWrite)))
        {
            ignore.Write("*\n");
        }

        if (isShared)
        {
            return new DataDirectory(path, null);
        }

        try
        {
            var data = new DataDirectory(path, new FileStream(Path.Combine(path, "lock"), Owned(FileMode.OpenOrCreate)));
            foreach (var file in (string[])[data.LogFile, data.BlockFile, data.GrainStateFile])
            {
                // SQLite takes an empty file for an empty database, and gives its other files the same mode.
                using var database = new FileStream(file, Owned(FileMode.OpenOrCreate, FileShare.ReadWrite));
            }

            return data;
        }
        catch (IOException taken)
        {
            throw new IOException($"DATA_DIR {path} is used by another node, or cannot be written.", taken);
        }
    }

    /// <summary>The key that may report for the first CapID.</summary>
    /// <param name="isNew">True on the start that created it.</param>
    public PrivateKey Identity(out bool isNew)
    {
        isNew = !File.Exists(IdentityFile);
        return ReadKey(IdentityFile);
    }

    /// <summary>Identifies the gate to the cluster.</summary>
    public PrivateKey GateKey() => ReadKey(Path.Combine(path, "gate.key"));

    /// <summary>
    /// The token that the gate's operators present. To replace it, delete the file and restart the gate.
    /// </summary>
    public GateToken GateToken()
    {
        var file = Path.Combine(path, "gate-token");
        return Gate.Settings.GateToken.TryParse(ReadSecret(file, () => Gate.Settings.GateToken.Create().Export()), out var token)
            ? token
            : throw new InvalidDataException($"{file} does not contain a gate token: delete it, and the next start creates a new one.");
    }

    /// <summary>
    /// The gate's sealing keys, one on each line. The first is published; what was sealed to the others is opened as
    /// well, so that a key can be replaced.
    /// </summary>
    public IReadOnlyList<X25519PrivateKey> SealingKeys() =>
        [.. ReadSecret(Path.Combine(path, "sealing.key"), () => X25519PrivateKey.Create().Export()).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select((line, number) =>
            X25519PrivateKey.TryParse(line, out var key) ? key : throw new InvalidDataException($"Line {number + 1} " +
                $"of {Path.Combine(path, "sealing.key")} is not a sealing key, which is 44 characters of base64."))];

    public PrivateKey DevChainWriter() => ReadKey(Path.Combine(path, "chain-writer.key"));

    /// <summary>
    /// The first API key. The file is for this machine's own <c>cap</c>: the cluster needs only the key's hash, so the
    /// file may be deleted.
    /// </summary>
    public ApiKey FirstApiKey() => ApiKey.TryParse(ReadSecret(AdminTokenFile, () => ApiKey.Create().Export()), out var key)
        ? key
        : throw new InvalidDataException($"{AdminTokenFile} does not contain an API key: delete it, and the next start creates a new one.");

    /// <summary>
    /// Returns the file with the cluster's authority: any process that has a copy is a node of the cluster.
    /// </summary>
    public string ClusterAuthorityFile()
    {
        var file = Path.Combine(path, "cluster-authority.pem");
        _ = ReadSecret(file, () => ClusterAuthority.Create(TimeProvider.System.GetUtcNow()).Export());
        return file;
    }

    public WebhookSecret WebhookSecret() => Notify.WebhookSecret.Parse(ReadSecret(Path.Combine(path, "webhook-secret"), Notify.WebhookSecret.Create));

    public void Dispose() => lockFile?.Dispose();

    private static PrivateKey ReadKey(string file) => PrivateKey.TryParse(ReadSecret(file, () => PrivateKey.Create().ExportHex()), out var key)
        ? key
        : throw new InvalidDataException($"{file} does not contain a private key.");

    private static FileStreamOptions Owned(FileMode mode, FileShare share = FileShare.None) => new()
    {
        Mode = mode,
        Access = mode == FileMode.Create ? FileAccess.Write : FileAccess.ReadWrite,
        Share = share,
        BufferSize = 1,
        UnixCreateMode = OwnerOnly,
    };

    private static string ReadSecret(string file, Func<string> create)
    {
        if (!File.Exists(file))
        {
            // Written whole or not at all: a crash midway must not leave half a secret. Of nodes that start at the same
            // time, one wins.
            var draft = $"{file}.{Environment.ProcessId}";
            using (var stream = new FileStream(draft, Owned(FileMode.Create)))
            {
                stream.Write(System.Text.Encoding.ASCII.GetBytes(create() + "\n"));
                stream.Flush(flushToDisk: true);
            }

            try
            {
                File.Move(draft, file);
            }
            catch (IOException) when (File.Exists(file))
            {
                File.Delete(draft);
            }
        }

        return RegularFile.ReadText(file).Trim();
    }
}
