using System.Globalization;

namespace CapOrleans.Bench.Chaos;

/// <summary>
/// Shifts the time of day for one node, through libfaketime (Debian: <c>libfaketime</c>). Its timers are not affected.
/// </summary>
internal sealed class Clock(string file)
{
    private static readonly string? Library = Directory.Exists("/usr/lib")
        ? Directory.EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }).FirstOrDefault()
        : null;

    public static bool IsAvailable => Library is not null;

    /// <summary>Environment variables for the node's process.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = Library ?? "", ["FAKETIME_TIMESTAMP_FILE"] = file, ["FAKETIME_CACHE_DURATION"] = "1", ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1", ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
    };

    public void Move(TimeSpan by)
    {
        File.WriteAllText(file + ".new", string.Create(CultureInfo.InvariantCulture, $"{(by < TimeSpan.Zero ? "-" : "+")}{Math.Abs(by.TotalSeconds):0}\n"));
        File.Move(file + ".new", file, overwrite: true);
    }
}
