using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli;

/// <param name="Id">Id under which the legacy scripts store it on the chain.</param>
/// <param name="KeccakHash">Keccak-256 hash of its content's canonical text, 32 bytes.</param>
internal sealed record CheckedArchive(string Id, byte[] KeccakHash, string? Ipfs);

/// <summary>
/// The legacy archive format: <c>{"metadata": {audit_hash, linked_incident, incident_id, generated_at, source_file},
/// "data": original}</c>, as Python's <c>json.dump(..., indent=2)</c> writes it, with the original's members in their
/// order.
/// </summary>
internal static class ArchiveFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <returns>The path of the archive, which has the permissions of the source.</returns>
    public static string Write(string source, DateTimeOffset now)
    {
        using var original = Parse(source);
        var archive = Path.Combine(Path.GetDirectoryName(source) ?? "", Path.GetFileNameWithoutExtension(source) + "_archived.json");
        using var writer = new StreamWriter(archive, new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = File.Exists(source) ? File.GetUnixFileMode(source) : OwnerOnly,
        });
        writer.Write(Archive(original.RootElement, source, now));
        return archive;
    }

    public static string Archive(JsonElement original, string source, DateTimeOffset now)
    {
        var id = Text(original, "incident_id") ?? Text(original, "task_id");
        var text = new StringBuilder("{\n  \"metadata\": {\n");
        text.Append("    \"audit_hash\": ").Append(ReferenceJson.Quote(Hash(original))).Append(",\n");
        text.Append("    \"linked_incident\": ").Append(id is null ? "false" : "true").Append(",\n");
        text.Append("    \"incident_id\": ").Append(id is null ? "null" : ReferenceJson.Quote(id)).Append(",\n");
        text.Append("    \"generated_at\": ").Append(ReferenceJson.Quote(now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture))).Append(",\n");
        text.Append("    \"source_file\": ").Append(ReferenceJson.Quote(source)).Append("\n  },\n  \"data\": ");
        Indent(text, original, 1);
        return text.Append("\n}").ToString();
    }

    /// <exception cref="CliFaultException">The file is not an archive, or its content was changed.</exception>
    public static CheckedArchive Check(string archive)
    {
        using var document = Parse(archive);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("data", out var data)
            || !document.RootElement.TryGetProperty("metadata", out var metadata)
            || Text(metadata, "audit_hash") is not { } named)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{archive} is not an archive: it needs data and metadata.audit_hash.");
        }

        if (Hash(data) is var actual && actual != named)
        {
            throw new CliFaultException(ExitCodes.Refused, $"{archive} was changed: its metadata names {named}, its content has {actual}.");
        }

        return new CheckedArchive(
            Text(metadata, "incident_id") ?? $"AUD-{named[..6]}", Keccak256.Hash(ReferenceJson.Canonicalize(data)), Text(metadata, "ipfs") is { Length: > 0 } ipfs ? ipfs : null);
    }

    private static JsonDocument Parse(string file)
    {
        try
        {
            return StrictJson.Parse(Encoding.UTF8.GetBytes(CapEnvironment.Read(file, "JSON")));
        }
        catch (JsonException fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} is not JSON: {fault.Message}");
        }
    }

    private static string Hash(JsonElement data) => Convert.ToHexStringLower(SHA256.HashData(ReferenceJson.Canonicalize(data)));

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    private static void Indent(StringBuilder text, JsonElement element, int depth)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                Indent(text, '{', '}', element.EnumerateObject().ToList(), depth, member =>
                {
                    text.Append(ReferenceJson.Quote(member.Name)).Append(": ");
                    Indent(text, member.Value, depth + 1);
                });
                break;
            case JsonValueKind.Array:
                Indent(text, '[', ']', element.EnumerateArray().ToList(), depth, item => Indent(text, item, depth + 1));
                break;
            default:
                text.Append(element.ValueKind switch
                {
                    JsonValueKind.String => ReferenceJson.Quote(element.GetString()!),
                    JsonValueKind.Number => ReferenceJson.Number(element),
                    _ => element.GetRawText(),
                });
                break;
        }
    }

    private static void Indent<T>(StringBuilder text, char open, char close, List<T> items, int depth, Action<T> write)
    {
        text.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            text.Append(i == 0 ? "\n" : ",\n").Append(' ', 2 * (depth + 1));
            write(items[i]);
        }

        text.Append(items.Count == 0 ? "" : "\n" + new string(' ', 2 * depth)).Append(close);
    }
}
