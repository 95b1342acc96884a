using System.Globalization;

namespace CapOrleans.TestHost;

/// <summary>
/// Resources that processes have used so far, from <c>/proc</c>: CPU time, bytes written to disk, resident memory.
/// </summary>
public readonly record struct Usage(TimeSpan Cpu, long Written, long Resident)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux

    /// <param name="roots">Process ids; each is counted with its descendants.</param>
    public static Usage Of(IReadOnlyCollection<int> roots)
    {
        var parents = new Dictionary<int, int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Fields(id) is { } fields)
            {
                parents[id] = int.Parse(fields[1], CultureInfo.InvariantCulture);
            }
        }

        var sum = default(Usage);
        foreach (var id in parents.Keys.Where(id => IsOf(id, roots, parents)))
        {
            sum += OfOne(id);
        }

        return sum;
    }

    public static Usage operator +(Usage left, Usage right) =>
        new(left.Cpu + right.Cpu, left.Written + right.Written, left.Resident + right.Resident);

    public static Usage operator -(Usage left, Usage right) => new(left.Cpu - right.Cpu, left.Written - right.Written, left.Resident);

    private static bool IsOf(int id, IReadOnlyCollection<int> roots, Dictionary<int, int> parents)
    {
        for (var at = id; at > 1; at = parents.GetValueOrDefault(at))
        {
            if (roots.Contains(at))
            {
                return true;
            }
        }

        return false;
    }

    private static Usage OfOne(int id)
    {
        if (Fields(id) is not { } fields)
        {
            return default;
        }

        // Indexes count from the third field of proc(5): utime 14, stime 15; 16 and 17 are those of exited children.
        var ticks = Enumerable.Range(11, 4).Sum(field => long.Parse(fields[field], CultureInfo.InvariantCulture));
        return new Usage(TimeSpan.FromSeconds(ticks / TicksPerSecond), Line(id, "io", "write_bytes:"), Line(id, "status", "VmRSS:") * 1024);
    }

    private static string[]? Fields(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null; // the process has exited
        }
    }

    private static long Line(int id, string file, string name)
    {
        try
        {
            var line = File.ReadLines($"/proc/{id}/{file}").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan(name.Length).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
