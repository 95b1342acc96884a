using System.CommandLine;
using System.Globalization;
using CapOrleans.Bench.Anchors;
using CapOrleans.Bench.Chaos;
using CapOrleans.Bench.Deliveries;
using CapOrleans.Bench.Edge;
using CapOrleans.Bench.Limits;
using CapOrleans.TestHost;
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

var minutes = new Option<double>("--minutes") { Description = "How long at least; 0 for each fault once", DefaultValueFactory = _ => 10 };
var chaos = new Command("chaos", "Break a cluster on purpose while it is under load, and check what it promised") { minutes };
chaos.SetAction(async (parsed, _) =>
{
    var folder = Directory.CreateTempSubdirectory("caporleans-chaos-");
    try
    {
        var plan = parsed.GetValue(minutes) == 0 ? ChaosPlan.EachOnce : ChaosPlan.ForAtLeast(TimeSpan.FromMinutes(parsed.GetValue(minutes)));
        await using var run = new ChaosRun(plan, folder.FullName, Console.Out);
        ChaosResult result;
        try
        {
            result = await run.RunAsync();
        }
        catch (Exception fault)
        {
            Console.WriteLine($"The run itself failed: {fault}"); // before the clean-up, which may fail as well
            throw;
        }

        foreach (var line in result.Missing.Select(line => $"Left out: {line}").Concat(result.Findings))
        {
            Console.WriteLine(line);
        }

        Console.WriteLine($"{result.Entries} entries read; {(result.Findings.Count == 0 ? "nothing found: every promise was kept once." : $"{result.Findings.Count} findings.")}");
        return result.Findings.Count == 0 ? 0 : 1;
    }
    finally
    {
        folder.Delete(recursive: true);
    }
});

var rate = new Option<double>("--rate") { Description = "Incidents per second", DefaultValueFactory = _ => 500 };
var seed = new Option<int>("--seed") { Description = "Of the order of faults", DefaultValueFactory = _ => 1 };
var anchors = new Command("anchors", "Break the chain's node on purpose under load, a random fault every 20 s, and count the anchors on the chain") { minutes, rate, seed };
anchors.SetAction(async (parsed, _) =>
{
    var folder = Directory.CreateTempSubdirectory("caporleans-anchors-");
    try
    {
        var findings = await new AnchorRun(
            folder.FullName, TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(rate), parsed.GetValue(seed), Console.Out).RunAsync();
        findings.ToList().ForEach(Console.WriteLine);
        Console.WriteLine(findings.Count == 0 ? "nothing found: each incident was anchored once, and nothing was called lost." : $"{findings.Count} findings.");
        return findings.Count == 0 ? 0 : 1;
    }
    finally
    {
        folder.Delete(recursive: true);
    }
});

var incidents = new Option<int>("--incidents") { Description = "Number of incidents sent while the cluster is down", DefaultValueFactory = _ => 10_000 };
var gate = new Command("gate", "Kill the cluster, send through a gate, kill the gate, start both, and check what was promised") { incidents };
gate.SetAction(async (parsed, _) =>
{
    var folder = Directory.CreateTempSubdirectory("caporleans-gate-");
    try
    {
        using var outage = new GateOutage(folder.FullName, parsed.GetValue(incidents));
        var result = await outage.RunAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Received} received in {result.Taking.TotalSeconds:0.0} s with the gate killed once; delivered {result.Delivering.TotalSeconds:0.0} s after the cluster's start began"));
        result.Findings.ToList().ForEach(Console.WriteLine);
        Console.WriteLine(result.Findings.Count == 0 ? "nothing found: every promise was kept once, in order." : $"{result.Findings.Count} findings.");
        return result.Findings.Count == 0 ? 0 : 1;
    }
    finally
    {
        folder.Delete(recursive: true);
    }
});

var rounds = new Option<int>("--rounds") { Description = "How often each is measured", DefaultValueFactory = _ => 5 };
var silos = new Option<int>("--silos") { Description = "0 for one process with everything", DefaultValueFactory = _ => 0 };
var other = new Option<string>("--other") { Description = "caporleans.dll of another build of the service, as the variant" };
var set = new Option<string[]>("--set") { Description = "NAME=VALUE: a setting of the variant; may be given more than once", DefaultValueFactory = _ => [] };
var compare = new Command("compare", "Measure the service and a variant of it in turn, in one run") { seconds, rounds, silos, other, set };
compare.SetAction(async (parsed, _) =>
{
    var folder = Directory.CreateTempSubdirectory("caporleans-compare-");
    try
    {
        var settings = parsed.GetValue(set)!.Select(text => text.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        await new CompareRun(Console.Out, folder.FullName, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(rounds))
            .RunAsync(parsed.GetValue(silos), new Variant(parsed.GetValue(other), settings));
    }
    finally
    {
        folder.Delete(recursive: true);
    }
});

var perSecond = new Option<int>("--rate") { Description = "Incidents per second", DefaultValueFactory = _ => 200 };
var endpoints = new Option<int>("--endpoints") { Description = "Webhooks, each of a CapID of its own, 1 to 100", DefaultValueFactory = _ =>
    1 };
var hanging = new Option<int>("--hanging") { Description = "How many of them never answer", DefaultValueFactory = _ => 0 };
var deliveries = new Command("deliveries", "Measure the time from acceptance to the webhook's receiver") { perSecond, seconds, endpoints,
    hanging };
deliveries.SetAction(async (parsed, _) =>
{
    var folder = Directory.CreateTempSubdirectory("caporleans-deliveries-");
    try
    {
        var result = await new DeliveryRun(
            folder.FullName, parsed.GetValue(perSecond), TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(endpoints),
            parsed.GetValue(hanging)).RunAsync();
        Console.WriteLine(result);
        if (parsed.GetValue(endpoints) == 1 && File.Exists(AlertmanagerRun.Program))
        {
            Console.WriteLine($"Alertmanager with group_wait 0s: {await new AlertmanagerRun(
                folder.FullName, parsed.GetValue(perSecond), TimeSpan.FromSeconds(parsed.GetValue(seconds))).RunAsync()}");
        }

        return result.Received == result.Accepted ? 0 : 1;
    }
    finally
    {
        folder.Delete(recursive: true);
    }
});

var incidentCount = new Option<int>("--incidents") { Description = "How many", DefaultValueFactory = _ => 1000 };
var race = new Command("race",
    "Acknowledge incidents at the time of their next page, and count the pages that come later") { incidentCount };
race.SetAction(async (parsed, _) =>
{
    var folder = Directory.CreateTempSubdirectory("caporleans-race-");
    try
    {
        var result = await new AcknowledgementRace(folder.FullName, parsed.GetValue(incidentCount)).RunAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{result.Acknowledged} acknowledged, {result.Paged} paged again, {result.After} of them after the acknowledgement's " +
                $"answer, " +
            $"{result.Latest:0.0} ms at most; {result.Missing} first pages missing"));
        return result.Missing == 0 && result.Latest < 1000 ? 0 : 1;
    }
    finally
    {
        folder.Delete(recursive: true);
    }
});

return await new RootCommand("Measures CapOrleans, and breaks it on purpose.") { table, chaos, anchors, gate, compare, deliveries,
    race, bare }.Parse(args).InvokeAsync();
