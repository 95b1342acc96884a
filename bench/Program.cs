using System.CommandLine;
using System.Globalization;
using CapOrleans.Bench.Limits;
using CapOrleans.Bench.Processes;
using CapOrleans.Bench.Table;

var seconds = new Option<int>("--seconds") { Description = "Length of each measurement, 1 to 60", DefaultValueFactory = _ => 5 };
var growth = new Option<int>("--growth") { Description = "Incidents to store for the growth part, 0 for none, at most 10,000,000", DefaultValueFactory = _ => 1_000_000 };
var output = new Option<string>("--json") { Description = "Where the figures are written", DefaultValueFactory = _ => Repository.File("artifacts", "bench", "table.json") };
var table = new Command("table", "Measure limits and service in one run; prints a table and writes JSON") { seconds, growth, output };
table.SetAction(async (parsed, _) =>
{
    var folder = Directory.CreateDirectory(Repository.File("artifacts", "bench", $"run-{Environment.ProcessId}"));
    var report = new Report(Console.Out);
    try
    {
        await new TableRun(report, folder.FullName, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(growth)).RunAsync();
        report.Write(parsed.GetValue(output)!);
    }
    finally
    {
        folder.Delete(recursive: true);
    }
});

var port = new Argument<string>("PORT");
var bare = new Command("bare", "The bare path's server; started by table") { port };
bare.SetAction((parsed, _) => BareServer.RunAsync(
    int.Parse(parsed.GetRequiredValue(port), CultureInfo.InvariantCulture), Environment.GetEnvironmentVariable("BARE_DATABASE")!));

return await new RootCommand("Measures CapOrleans, and breaks it on purpose.") { table, bare }.Parse(args).InvokeAsync();
