using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CapOrleans.AuditLog.Postgres;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Chaos;

/// <summary>
/// Runs three silos and an API under load with one fault after another, and at the end a checker that reads what is on
/// disk. Faults that need root (separate networks, a small disk) or libfaketime are skipped where these are missing,
/// and the output says so.
/// </summary>
public sealed class ChaosRun(ChaosPlan plan, string folder, TextWriter output) : IAsyncDisposable
{
    private const int Silos = 3;
    private const int Logs = 3;
    private const int Hosts = 48;
    private static readonly TimeSpan DeliveryTimeout = TimeSpan.FromMinutes(2);

    private readonly StringBuilder story = new();
    private readonly List<string> missing = [];
    private readonly Random random = new(1);

    private Network? network;
    private SmallDisk? disk;
    private Postgres? postgres;
    private Cluster? cluster;
    private Clock? clock;

    public async Task<ChaosResult> RunAsync()
    {
        await PrepareAsync();
        await Service.StartAsync();
        await using var desk = await FlakyReceiver.StartAsync(network?.Gateway ?? IPAddress.Loopback);
        var webhook = await RegisterAsync(desk.Url);
        await using var pager = await FlakyReceiver.StartAsync(network?.Gateway ?? IPAddress.Loopback);
        var capIds = await Service.RegisterAsync(8);
        var paged = new PagedIncidents(Service);
        var pages = await paged.StartAsync(pager.Url);
        using var senders = new Senders(Service, capIds, Hosts, plan.PerSecond, paged.Accepted);
        var supervisors = Service.Silos.Select(silo => new Supervisor(silo)).ToList();
        supervisors.ForEach(supervisor => supervisor.Start());
        senders.Start();
        var suffered = await InjectFaultsAsync(senders);
        await senders.StopAsync();
        await paged.StopAsync();
        await using var database = PostgresDatabase.Open(PostgresDatabase.ReadUrl(Database.ConnectionString("chaos"))!, Logs);
        var reader = new PostgresLogReader(database);
        var undelivered = await desk.CheckAsync(reader, webhook, senders.Promised, DeliveryTimeout);
        var unpaged = await paged.CheckAsync(reader, Logs, reader, pages, pager, senders.Promised.Keys, DeliveryTimeout + plan.ClockStep);
        Print($"{desk.Repeated} deliveries came more than once. {paged.Story}");
        foreach (var supervisor in supervisors)
        {
            await supervisor.DisposeAsync();
        }

        Print($"{supervisors.Sum(supervisor => supervisor.Restarts)} silos were started again; {senders.Promised.Count} promises, {senders.Refused503} answers 503.");
        var (findings, entries) = await Checker.RunAsync(Database.ConnectionString("chaos"), Logs, senders.Promised, senders.Offered);
        return new ChaosResult(
            [.. senders.UnexpectedAnswers.Take(20), .. undelivered.Take(20), .. unpaged.Take(20), .. findings.Take(20)], missing,
            suffered.GroupBy(one => one.Fault).ToDictionary(group => group.Key, group => group.Count()),
            senders.Promised.Count, senders.Refused503, entries, story.ToString());
    }

    private async Task<string> RegisterAsync(Uri desk)
    {
        using var made = await Service.Http.PostAsJsonAsync("/v1/webhooks", new { url = desk, minSeverity = "normal" });
        made.EnsureSuccessStatusCode();
        return (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in cluster?.Silos.Append(cluster.Api).Where(node => node.IsStarted) ?? [])
        {
            node.Process.Signal(Child.Continue);
            node.Process.Kill9();
            await node.Process.ExitAsync();
        }

        foreach (var part in (IAsyncDisposable?[])[cluster, postgres, disk, network])
        {
            await (part?.DisposeAsync() ?? default);
        }
    }

    private Postgres Database => postgres!;

    private Cluster Service => cluster!;

    private async Task PrepareAsync()
    {
        var isRoot = Environment.IsPrivilegedProcess;
        if (isRoot)
        {
            network = await Network.CreateAsync(Silos);
            disk = await SmallDisk.MountAsync(Path.Combine(folder, "disk"), plan.DiskMegabytes);
        }
        else
        {
            missing.Add("Cut links and a full disk need root.");
        }

        if (Clock.IsAvailable)
        {
            clock = new Clock(Path.Combine(folder, "clock"));
            clock.Move(TimeSpan.Zero);
        }
        else
        {
            missing.Add("A moved clock needs libfaketime.");
        }

        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute);
        postgres = await Postgres.StartAsync(Path.Combine(disk?.Path ?? folder, "postgres"), network?.Gateway);
        cluster = new Cluster(
            Directory.CreateDirectory(Path.Combine(folder, "data")).FullName, await Database.CreateAsync("chaos"), Silos, Logs,
            networks: network is null ? null : silo => (network.SiloAddress(silo), network.Wrap(silo)),
            more: new Dictionary<string, string> { ["Webhooks__AllowedNetworks"] = $"{network?.Gateway ?? IPAddress.Loopback}" });
        if (clock is not null)
        {
            Service.Silos[^1].Add(clock.Environment);
        }
    }

    private async Task<List<FaultOutcome>> InjectFaultsAsync(Senders senders)
    {
        var suffered = new List<FaultOutcome>();
        var started = TimeProvider.System.GetTimestamp();
        await Task.Delay(plan.Settle, TimeProvider.System);
        for (var round = 0; round < plan.Rounds || TimeProvider.System.GetElapsedTime(started) < plan.AtLeast; round++)
        {
            foreach (var fault in Faults())
            {
                senders.TakeLongestGap();
                var promised = senders.Promised.Count;
                await fault.BeginAsync();
                await Task.Delay(fault.Length, TimeProvider.System);
                await fault.EndAsync();
                await Task.Delay(plan.Settle, TimeProvider.System);
                suffered.Add(new FaultOutcome(fault.Name, senders.TakeLongestGap()));
                Print(string.Create(CultureInfo.InvariantCulture,
                    $"{TimeProvider.System.GetElapsedTime(started).TotalSeconds,5:0} s  {fault.Name,-40} longest silence {suffered[^1].LongestGap.TotalSeconds,5:0.0} s, {senders.Promised.Count - promised} promises"));
            }
        }

        return suffered;
    }

    private IEnumerable<Fault> Faults()
    {
        var (one, two) = (random.Next(Silos), random.Next(1, Silos));
        two = (one + two) % Silos;
        var victim = Service.Silos[one];
        yield return new Fault("kill -9 of a silo", plan.Other, () => Done(() => victim.Process.Kill9()), () => Task.CompletedTask);
        yield return new Fault("a silo is replaced", plan.Other, () => Done(() => Service.Silos[two].Process.Signal(15)), () => Task.CompletedTask);
        yield return new Fault("a silo stands still", plan.Freeze, () => Done(() => Service.Silos[two].Process.Signal(Child.Stop)), () => Done(() => Service.Silos[two].Process.Signal(Child.Continue)));
        yield return new Fault("the database crashes", plan.Other, () => Database.RestartAsync(immediately: true), () => Task.CompletedTask);
        if (network is not null)
        {
            yield return new Fault("two silos cannot reach each other", plan.Other, () => network.CutAsync(one, two), () => network.HealAsync(one, two));
            yield return new Fault("a silo is " +
                "isolated", plan.Other, () => network.SetLinkAsync(one, isIn: false), () => network.SetLinkAsync(one, isIn: true));
        }

        if (disk is not null)
        {
            yield return new Fault("the log's disk is full", plan.Other, () => Done(disk.Fill), async () =>
            {
                disk.Free();
                await Database.EnsureRunningAsync();
            });
        }

        if (clock is not null)
        {
            var by = random.Next(2) == 0 ? plan.ClockStep : -plan.ClockStep;
            yield return new Fault("a silo's clock is moved", plan.Other, () => Done(() => clock.Move(by)), () => Done(() => clock.Move(TimeSpan.Zero)));
        }
    }

    private void Print(string line)
    {
        story.AppendLine(line);
        output.WriteLine(line);
        output.Flush();
    }

    private static Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
