using System.Globalization;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Table;

/// <summary>What differs in the second of two services.</summary>
/// <param name="ServicePath">Another build of the service; null for the same build.</param>
/// <param name="Settings">Settings of this service only.</param>
internal sealed record Variant(string? ServicePath, IReadOnlyDictionary<string, string> Settings);

/// <summary>
/// Measures two services side by side, each with a database of its own, alternating within one run so that the ratio
/// holds when the machine's speed drifts. The cost is counted until the consumers have caught up.
/// </summary>
internal sealed class CompareRun(TextWriter output, string folder, TimeSpan duration, int rounds)
{
    public async Task RunAsync(int silos, Variant variant)
    {
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute);
        await using var postgres = await Postgres.StartAsync(Path.Combine(folder, "postgres"));
        await using var first = await StartAsync(postgres, "as-it-is", silos, new Variant(null, new Dictionary<string, string>()));
        await using var second = await StartAsync(postgres, "variant", silos, variant);
        await first.WarmUpAsync();
        await second.WarmUpAsync();
        var (perSecond, cpu) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            var (a, b) = (await first.CostAsync(duration), await second.CostAsync(duration));
            perSecond.Add(a.PerSecond / b.PerSecond);
            cpu.Add(a.MicrosecondsOfCpu / b.MicrosecondsOfCpu);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"as it is {a.PerSecond:N0}/s, p99 {a.P99:0.0} ms, {a.MicrosecondsOfCpu:0} us CPU each; variant {b.PerSecond:N0}/s, p99 {b.P99:0.0} ms, {b.MicrosecondsOfCpu:0} us"));
        }

        perSecond.Sort();
        cpu.Sort();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"as it is / variant, median of {rounds}: rate {perSecond[rounds / 2]:0.00} ({perSecond[0]:0.00} to {perSecond[^1]:0.00}), CPU per incident {cpu[rounds / 2]:0.00} ({cpu[0]:0.00} to {cpu[^1]:0.00})"));
    }

    private async Task<MeasuredService> StartAsync(Postgres postgres, string name, int silos, Variant variant)
    {
        var cluster = new Cluster(Path.Combine(folder, name), await postgres.CreateAsync(name.Replace('-', '_')), silos,
            logs: 1, program: variant.ServicePath, more: variant.Settings);
        return await MeasuredService.StartAsync(new Report(TextWriter.Null), name, cluster, postgres);
    }
}
