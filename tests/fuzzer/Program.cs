using System.CommandLine;
using CapOrleans.Fuzz;

// SharpFuzz instruments: this must happen before the code under test is loaded, and so in a separate run.
var assemblies = new Argument<string[]>("ASSEMBLIES") { Description = "Files that are changed so that they tell which way an input went" };
var instrument = new Command("instrument", "Instrument assemblies in place") { assemblies };
instrument.SetAction((parsed, _) =>
{
    foreach (var file in parsed.GetRequiredValue(assemblies))
    {
        SharpFuzz.Fuzzer.Instrument(file, _ => true, SharpFuzz.Options.Value);
    }

    return Task.CompletedTask;
});

var inputs = new Option<long>("--inputs") { Description = "How many inputs at most", DefaultValueFactory = _ => 10_000_000 };
var minutes = new Option<double>("--minutes") { Description = "How long at most", DefaultValueFactory = _ => 60 };
var seed = new Option<int>("--seed") { Description = "Of the random numbers: the same seed gives the same inputs", DefaultValueFactory = _ => 1 };
var findings = new Option<string>("--findings") { Description = "Folder for inputs that were found to break something", DefaultValueFactory = _ => "artifacts/fuzz/findings" };
var run = new Command("run", "Try inputs until there are enough") { inputs, minutes, seed, findings };
run.SetAction((parsed, _) =>
{
    var report = new FuzzRun(parsed.GetValue(seed), parsed.GetValue(findings)!, Console.Out).Run(parsed.GetValue(inputs), TimeSpan.FromMinutes(parsed.GetValue(minutes)));
    return Task.FromResult(report.Count == 0 ? 0 : 1);
});

return await new RootCommand("Feeds the parsers what nobody would send") { instrument, run }.Parse(args).InvokeAsync();
