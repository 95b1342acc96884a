using System.Globalization;
using System.Text;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Silo.Files;

/// <summary>
/// Records which logs a data directory was used with: its secrets and, with SQLite, the state of its grains belong to
/// them. With another database, or a log that was started over, they would refer to things that do not exist there.
/// </summary>
/// <param name="file">One line for each log: its number and its origin.</param>
internal sealed class KnownOrigins(string file)
{
    /// <exception cref="StoreMismatchException">
    /// The database does not have the logs that the directory was used with.
    /// </exception>
    public async Task CheckAsync(IAuditLogReader reader, CancellationToken cancellationToken)
    {
        foreach (var (log, origin) in Read())
        {
            var head = await reader.HeadAsync(log, cancellationToken);
            if (head?.Origin != origin)
            {
                throw new StoreMismatchException(
                    $"According to {file}, this directory was used with log {log} {origin}, but the database " +
                        $"{(head is null ? "has no such log" : $"has {head.Origin} there")}. "
                    + "Restore the matching database or directory, or use another DATA_DIR. If the old log is " +
                        $"abandoned for good, delete {file}.");
            }
        }
    }

    public async Task RecordAsync(IAuditLogReader reader, int logs, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        for (var log = 0; log < logs; log++)
        {
            lines.AddRange(await reader.HeadAsync(log, cancellationToken) is { } head ? [string.Create(CultureInfo.InvariantCulture,
                $"{log} {head.Origin}")] : []);
        }

        var text = string.Concat(lines.Select(line => $"{line}\n"));
        if (!File.Exists(file) || await File.ReadAllTextAsync(file, cancellationToken) != text)
        {
            // Nodes that share the directory write the same.
            var draft = $"{file}.{Environment.ProcessId}";
            await using (var stream = new FileStream(draft, new FileStreamOptions
            {
                Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
            }

            File.Move(draft, file, overwrite: true);
        }
    }

    private IEnumerable<(int Log, string Origin)> Read() => !File.Exists(file) ? [] : File.ReadAllLines(file)
        .Select(line => line.Split(' ')).Where(parts => parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None,
            CultureInfo.InvariantCulture, out _))
        .Select(parts => (int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]));
}
