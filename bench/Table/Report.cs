using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Bench.Load;

namespace CapOrleans.Bench.Table;

/// <param name="CpuMicroseconds">Per incident, of all processes of the service and the database.</param>
/// <param name="ServiceCpuMicroseconds">Per incident, without the database.</param>
/// <param name="BytesWritten">Bytes written to disk per incident, by all of them.</param>
internal sealed record Row(
    string System, string Load, int Connections, LoadResult Result, double CpuMicroseconds, double ServiceCpuMicroseconds, double BytesWritten);

internal sealed record Fact(string Name, double Value, string Unit);

internal sealed record ReportFile(string Machine, DateTimeOffset At, IReadOnlyList<Fact> Facts, IReadOnlyList<Row> Rows);

/// <summary>Measurements of one run on one machine: printed as they are made, and written as JSON at the end.</summary>
internal sealed class Report(TextWriter output)
{
    public List<Fact> Facts { get; } = [];

    public List<Row> Rows { get; } = [];

    public string Machine { get; } =
        $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}; load generator, service and database share them; vm.dirty_background_bytes {Kernel("dirty_background_bytes")}, vm.dirty_expire_centisecs {Kernel("dirty_expire_centisecs")}";

    public void Head() => output.WriteLine(
        $"{Machine}\n\n{"",-34} {"load",-22} {"conn",4} {"per s",8} {"p50",7} {"p99",7} {"p99.9",7} ms {"cpu",6} us {"(service)",9} {"written",8} B");

    /// <summary>Reads a setting for when the kernel writes back dirty pages, which a commit waits for.</summary>
    private static string Kernel(string setting)
    {
        var file = $"/proc/sys/vm/{setting}";
        return File.Exists(file) ? File.ReadAllText(file).Trim() : "unknown";
    }

    public void Add(Row row)
    {
        Rows.Add(row);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{row.System,-34} {row.Load,-22} {row.Connections,4} {row.Result.PerSecond,8:0} {row.Result.P50,7:0.0} {row.Result.P99,7:0.0} {row.Result.P999,7:0.0}    {row.CpuMicroseconds,6:0}    {row.ServiceCpuMicroseconds,9:0} {row.BytesWritten,8:0}"));
        output.Flush();
    }

    public void Add(string name, double value, string unit)
    {
        Facts.Add(new Fact(name, value, unit));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-66} {value,12:#,0.##} {unit}"));
        output.Flush();
    }

    public double RateOf(string system, string load, int connections) =>
        Rows.Last(row => (row.System, row.Load, row.Connections) == (system, load, connections)).Result.PerSecond;

    public void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, JsonSerializer.Serialize(new ReportFile(Machine, TimeProvider.System.GetUtcNow(), Facts, Rows), ReportJson.Default.ReportFile));
        output.WriteLine($"\nWritten to {path}");
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(ReportFile))]
internal sealed partial class ReportJson : JsonSerializerContext;
