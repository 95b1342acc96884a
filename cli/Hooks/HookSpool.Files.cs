using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Cli.Hooks;

/// <summary>Names and writes the file of a report.</summary>
internal sealed partial class HookSpool
{
    /// <summary>
    /// Returns a name that preserves the order: the newest file has the highest number, whatever the clock shows.
    /// </summary>
    private string NewFile(string name)
    {
        var last = Directory.EnumerateFiles(folder, "*.json*").Select(kept => Path.GetFileName(kept).Split('-')[0])
            .Select(number => long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var one) ? one
                : 0).DefaultIfEmpty().Max();
        return Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{last + 1:D12}-{TailOf(name)}.json"));
    }

    private static string TailOf(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 6));

    private void Write(string file, byte[] incident)
    {
        try
        {
            using (var draft = new FileStream($"{file}.new", new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write,
                UnixCreateMode = OwnerOnly }))
            {
                draft.Write(incident);
                draft.Flush(flushToDisk: true);
            }

            File.Move($"{file}.new", file, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(folder, fault);
        }
    }

    private static bool IsSame(string file, byte[] incident)
    {
        try
        {
            return incident.AsSpan().SequenceEqual(File.ReadAllBytes(file));
        }
        catch (IOException)
        {
            return false; // it was sent a moment ago
        }
    }
}
