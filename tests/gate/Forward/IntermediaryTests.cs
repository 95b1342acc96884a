using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using CapOrleans.Contracts;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Spool;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Gate.Forward;

/// <summary>
/// Forwarding through a proxy that refuses some requests itself, with a page of HTML: for their size (413, as by
/// nginx's client_max_body_size), or for their content (403, as by a web application firewall).
/// </summary>
public sealed class IntermediaryTests : HttpMessageHandler
{
    private readonly TempDirectory directory = new();
    private readonly KeyCluster cluster = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero));
    private readonly ConcurrentQueue<string> taken = new();
    private readonly CancellationTokenSource ended = new();
    private readonly IncidentSpool spool;
    private readonly ClusterLink link;
    private readonly PartitionForwarder forwarder;
    private readonly HttpClient http;
    private Func<string, HttpStatusCode?> refuses = _ => null;
    private readonly ConcurrentQueue<DateTimeOffset> requests = new();
    private bool breaksOff;

    public IntermediaryTests()
    {
        spool = new IncidentSpool(
            new SpoolFile(directory.File("spool.db"), TimeProvider.System), new SpoolLimits(1_000_000, TimeSpan.FromDays(7)), time,
                NullLogger<IncidentSpool>.Instance);
        http = new HttpClient(this, disposeHandler: false);
        link = new ClusterLink(http, cluster.Options, time, NullLogger<ClusterLink>.Instance);
        forwarder = new PartitionForwarder(Partitions.Of("X"), spool, link, new ProvenQueues(), time);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        spool.Dispose();
        http.Dispose();
        ended.Dispose();
        cluster.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task What_is_too_large_for_a_proxy_goes_in_smaller_requests()
    {
        refuses = body => body.Length > 200 ? HttpStatusCode.RequestEntityTooLarge : null;
        var ids = Enumerable.Range(0, 40).Select(i => i.ToString("D2", CultureInfo.InvariantCulture)).ToArray();
        await KeepAsync(ids);
        var running = Run();
        await Eventually.TrueAsync(() => taken.Count == ids.Length);
        Assert.Equal(ids, taken);
        await StopAsync(running);
        Assert.Equal((0, 0), (spool.Count().Waiting, spool.Count().Dead));
    }

    [Fact]
    public async Task What_a_firewall_itself_refuses_steps_aside_and_what_is_behind_it_is_sent()
    {
        refuses = body => body.Contains("BAD", StringComparison.Ordinal) ? HttpStatusCode.Forbidden : null;
        await KeepAsync("A", "BAD", "B");
        await KeepAsync(isCritical: true, "C");
        var running = Run();
        await Eventually.TrueAsync(() => Moved(() => taken.Count == 3));
        Assert.Equal(["C", "A", "B"], taken);
        var aside = Assert.Single(forwarder.BackingOff);
        Assert.Equal(("X#2", 403), (aside.Queue, aside.Status));
        Assert.Equal(ProblemTypes.Of("refused-by-intermediary"), aside.Problem?.Text("type"));
        await Eventually.TrueAsync(() => (spool.Count().Waiting, spool.Count().Dead) == (1, 0));

        await KeepAsync("D");
        await Eventually.TrueAsync(() => Moved(() => taken.Count == 4)); // it no longer delays anything
        refuses = _ => null;
        await Eventually.TrueAsync(() => Moved(() => taken.Contains("BAD")));
        Assert.Null(link.LastError);
        await StopAsync(running);
        Assert.Equal((0, 0), (spool.Count().Waiting, spool.Count().Dead));
    }

    [Fact]
    public async Task An_incident_that_breaks_the_connection_delays_no_other()
    {
        (refuses, breaksOff) = (body => body.Contains("BAD", StringComparison.Ordinal) ? HttpStatusCode.Forbidden : null, true);
        await KeepAsync("A", "BAD", "B");
        await KeepAsync(isCritical: true, "C");
        var running = Run();
        await Eventually.TrueAsync(() => Moved(() =>
        {
            link.RecordReached(); // as the gate's heartbeats do
            return taken.Count == 3;
        }));
        Assert.Equal(["C", "A", "B"], taken);
        breaksOff = false;
        refuses = _ => null;
        await StopAsync(running);
        Assert.Equal(["C", "A", "B", "BAD"], taken);
        Assert.Equal((0, 0), (spool.Count().Waiting, spool.Count().Dead));
    }

    [Fact]
    public async Task In_an_outage_nothing_steps_aside_and_all_goes_in_order_when_it_is_over()
    {
        (refuses, breaksOff) = (_ => HttpStatusCode.Forbidden, true);
        await KeepAsync("A", "B", "C");
        var running = Run();
        await Eventually.TrueAsync(() => Moved(() => requests.Count >= 30));
        Assert.DoesNotContain(forwarder.BackingOff, queue => queue.Queue.Contains('#', StringComparison.Ordinal));
        breaksOff = false;
        refuses = _ => null;
        await StopAsync(running);
        Assert.Equal(["A", "B", "C"], taken);
    }

    [Fact]
    public async Task What_stepped_aside_before_a_restart_is_sent_alone_after_it()
    {
        refuses = body => body.Contains("BAD", StringComparison.Ordinal) ? HttpStatusCode.Forbidden : null;
        await KeepAsync([.. Enumerable.Range(0, 20).Select(i => $"BAD-{i}")]);
        foreach (var waiting in spool.Next(Partitions.Of("X"), [], 500, 1_000_000))
        {
            await spool.StepAsideAsync(waiting.Number);
        }

        await KeepAsync("A", "B");
        var running = Run();
        await Eventually.TrueAsync(() => taken.Count == 2); // without advancing the clock
        Assert.Equal(["A", "B"], taken);
        refuses = _ => null;
        await StopAsync(running);
        Assert.Equal(22, taken.Count);
    }

    [Fact]
    public async Task A_proxy_that_refuses_everything_is_asked_less_and_less_often_and_nothing_is_lost()
    {
        refuses = _ => HttpStatusCode.Forbidden;
        await KeepAsync([.. Enumerable.Range(0, 300).Select(i => $"{i}")]);
        var running = Run();
        await Eventually.TrueAsync(() => Moved(() => requests.Count >= 20));
        var at = requests.ToArray();
        Assert.InRange(at[19] - at[12], TimeSpan.FromSeconds(60), TimeSpan.MaxValue); // 9 to isolate one, and then one every 15 s
        Assert.NotNull(link.LastError);
        Assert.Equal((300, 0), (spool.Count().Waiting, spool.Count().Dead));
        refuses = _ => null;
        await Eventually.TrueAsync(() => Moved(() => taken.Count == 300));
        await StopAsync(running);
        Assert.Null(link.LastError);
    }

    private bool Moved(Func<bool> isDone)
    {
        time.Advance(TimeSpan.FromSeconds(1));
        return isDone();
    }

    private Task Run() => Task.Run(() => forwarder.RunAsync(ended.Token));

    private async Task StopAsync(Task running)
    {
        await Eventually.TrueAsync(() => Moved(() => spool.Count().Waiting == 0)); // everything accepted is settled
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private Task KeepAsync(params string[] ids) => KeepAsync(isCritical: false, ids);

    private async Task KeepAsync(bool isCritical, params string[] ids)
    {
        foreach (var id in ids)
        {
            var line = Encoding.UTF8.GetBytes($$"""{"cap_id":"X","task_id":"{{id}}"}""");
            Assert.Equal(ArrivalVerdict.Kept, await spool.KeepAsync(new Arrival("X", "X", id, line,
                IsVouched: true) { IsCritical = isCritical }));
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        requests.Enqueue(time.GetUtcNow());
        var body = await request.Content!.ReadAsStringAsync(cancellationToken);
        if (refuses(body) is { } status)
        {
            if (breaksOff)
            {
                throw new HttpRequestException("reset");
            }

            return new HttpResponseMessage(status) { Content = new StringContent(
                "<html><center><h1>Refused</h1></center><hr>nginx</html>", Encoding.UTF8, "text/html") };
        }

        var answer = new StringBuilder();
        foreach (var id in body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line).Text("task_id")))
        {
            answer.Append(CultureInfo.InvariantCulture, $"{{\"line\":1,\"status\":201,\"incident\":{TestReceipt.Of("X", id)}}}\n");
            taken.Enqueue(id);
        }

        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer.ToString()) };
    }
}
