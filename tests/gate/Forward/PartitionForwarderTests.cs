using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CapOrleans.Contracts;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Spool;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Gate.Forward;

/// <summary>
/// In front of a cluster that decides nothing about a CapID while one of its incidents is in the request.
/// </summary>
public sealed class PartitionForwarderTests : HttpMessageHandler
{
    private static readonly string[] Ids = ["A", "B", "C", "D", "E", "F", "BAD", "G", "H", "I", "J", "K", "L", "M"];
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(1);

    private readonly TempDirectory directory = new();
    private readonly KeyCluster cluster = new();
    private readonly ConcurrentQueue<string> taken = new();
    private readonly ConcurrentQueue<int> sizes = new();
    private readonly CancellationTokenSource ended = new();
    private volatile bool isMended, isRestLong;

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        ended.Dispose();
        cluster.Dispose();
        directory.Dispose();
    }

    [Fact]
    public Task What_the_cluster_cannot_decide_about_holds_up_nothing_before_it() => RunAsync(TimeProvider.System, async spool =>
    {
        await Eventually.TrueAsync(() => taken.Count == 7);
        Assert.Equal(["A", "B", "C", "D", "E", "F"], taken.Where(id => id != "Q"));
        await Eventually.TrueAsync(() => sizes.Last() == 1);
        isMended = true;
        await Eventually.TrueAsync(() => taken.Count == Ids.Length + 1);
        Assert.Equal(Ids, taken.Where(id => id != "Q"));
        Assert.Equal([1, 2, 4, 1], sizes.TakeLast(4)); // requests grow again
    });

    [Fact]
    public async Task What_the_cluster_never_decides_becomes_a_dead_letter_when_it_is_too_old()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));
        await RunAsync(time, async spool =>
        {
            await Eventually.TrueAsync(() => Moved(() => taken.Count == 7));
            await Eventually.TrueAsync(() => Moved(() => sizes.Last() == 1));
            time.Advance(MaxAge);
            await Eventually.TrueAsync(() => Moved(() => spool.Count().Dead == 8)); // what waits behind it is just as old
            Assert.All(
                spool.Dead(long.MaxValue, 10),
                letter => Assert.Equal((504, ProblemTypes.Of("too-old")), (letter.Status, letter.Problem.Text("type"))));
            await KeepAsync(spool, "X", "NEW");
            await Eventually.TrueAsync(() => taken.Contains("NEW"));
        });

        bool Moved(Func<bool> isDone)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return isDone();
        }
    }

    [Fact]
    public async Task Wallet_claims_are_sent_two_at_a_time_and_by_sender_address()
    {
        using var spool = new IncidentSpool(
            new SpoolFile(directory.File("spool.db"), TimeProvider.System), new SpoolLimits(1_000_000, MaxAge), TimeProvider.System,
            NullLogger<IncidentSpool>.Instance);
        using var http = new HttpClient(this, disposeHandler: false);
        foreach (var id in Ids)
        {
            var (capId, address) = id == "BAD" ? ("X", "198.51.100.1") : ("Y", "192.0.2.1"); // the cluster decides nothing about X
            var line = Encoding.UTF8.GetBytes($$"""{"cap_id":"{{capId}}","task_id":"{{id}}"}""");
            Assert.Equal(ArrivalVerdict.Kept, await spool.KeepAsync(new Arrival($"{capId} 0x1 {address}", capId, id, line, IsVouched: false) { IsWalletClaim = true }));
        }

        var link = new ClusterLink(http, cluster.Options, TimeProvider.System, NullLogger<ClusterLink>.Instance);
        var forwarder = new PartitionForwarder(Partitions.Claims, spool, link, new ProvenQueues(), TimeProvider.System);
        var running = Task.Run(() => forwarder.RunAsync(ended.Token));
        await Eventually.TrueAsync(() => taken.Count == Ids.Length - 1);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(Ids.Where(id => id != "BAD"), taken);
        Assert.All(sizes, size => Assert.InRange(size, 1, WalletClaim.MaxWaitingPerCaller));
    }

    [Fact]
    public async Task A_duplicate_of_an_accepted_claim_proves_nothing_about_its_sender()
    {
        using var spool = new IncidentSpool(
            new SpoolFile(directory.File("spool.db"), TimeProvider.System), new SpoolLimits(1_000_000, MaxAge), TimeProvider.System,
            NullLogger<IncidentSpool>.Instance);
        using var http = new HttpClient(this, disposeHandler: false);
        var proven = new ProvenQueues();
        foreach (var (id, address) in (IEnumerable<(string, string)>)[("NEW", "192.0.2.1"), ("KNOWN", "198.51.100.1")])
        {
            var line = Encoding.UTF8.GetBytes($$"""{"cap_id":"Y","task_id":"{{id}}"}""");
            await spool.KeepAsync(new Arrival($"Y 0x1 {address}", "Y", id, line, IsVouched: false) { IsWalletClaim = true, Source = address });
        }

        var link = new ClusterLink(http, cluster.Options, TimeProvider.System, NullLogger<ClusterLink>.Instance);
        var forwarder = new PartitionForwarder(Partitions.Claims, spool, link, proven, TimeProvider.System);
        var running = Task.Run(() => forwarder.RunAsync(ended.Token));
        await Eventually.TrueAsync(() => spool.Count().Waiting == 0);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal((true, false), (proven.Contains("Y 0x1 192.0.2.1"), proven.Contains("Y 0x1 198.51.100.1")));
    }

    [Fact]
    public async Task Undecided_wallet_claims_are_retried_less_and_less_often_and_delay_no_new_one()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));
        using var spool = new IncidentSpool(
            new SpoolFile(directory.File("spool.db"), TimeProvider.System), new SpoolLimits(1_000_000, MaxAge), time, NullLogger<IncidentSpool>.Instance);
        using var http = new HttpClient(this, disposeHandler: false);
        isRestLong = true;
        for (var i = 0; i < 3 * WalletClaim.MaxWaitingPerCaller; i++)
        {
            await ClaimAsync($"X 0x{i} 198.51.100.1", "X", "BAD");
        }

        var link = new ClusterLink(http, cluster.Options, time, NullLogger<ClusterLink>.Instance);
        var forwarder = new PartitionForwarder(Partitions.Claims, spool, link, new ProvenQueues(), time);
        var running = Task.Run(() => forwarder.RunAsync(ended.Token));
        foreach (var (round, seconds) in new[] { 1, 2, 4, 8, 16, 32, 60, 60 }.Index())
        {
            await Eventually.TrueAsync(() => forwarder.BackingOff.Count(queue => queue.Attempts == round + 1) == 3 * WalletClaim.MaxWaitingPerCaller);
            sizes.Clear();
            time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            var before = taken.Count;
            await ClaimAsync("Y 0x1 192.0.2.1", "Y", $"H-{before}");
            await Eventually.TrueAsync(() => taken.Count == before + 1);
            Assert.Equal([1], sizes); // alone, and nothing before it
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        async Task ClaimAsync(string queue, string capId, string id) => Assert.Equal(ArrivalVerdict.Kept, await spool.KeepAsync(
            new Arrival(queue, capId, id, Encoding.UTF8.GetBytes($$"""{"cap_id":"{{capId}}","task_id":"{{id}}","queue":"{{queue}}"}"""), IsVouched: false) { IsWalletClaim = true }));
    }

    private async Task RunAsync(TimeProvider time, Func<IncidentSpool, Task> test)
    {
        using var spool = new IncidentSpool(
            new SpoolFile(directory.File("spool.db"), TimeProvider.System), new SpoolLimits(1_000_000, MaxAge), time,
            NullLogger<IncidentSpool>.Instance);
        using var http = new HttpClient(this, disposeHandler: false);
        var quick = Enumerable.Range(0, 100).Select(i => $"CAP-{i}").First(capId => Partitions.Of(capId) == Partitions.Of("X"));
        await KeepAsync(spool, "X", Ids);
        await KeepAsync(spool, quick, "Q");
        var link = new ClusterLink(http, cluster.Options, time, NullLogger<ClusterLink>.Instance);
        var running = Task.Run(() => new PartitionForwarder(Partitions.Of("X"), spool, link, new ProvenQueues(), time).RunAsync(ended.Token));
        await test(spool);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static async Task KeepAsync(IncidentSpool spool, string capId, params string[] ids)
    {
        foreach (var id in ids)
        {
            var line = Encoding.UTF8.GetBytes($$"""{"cap_id":"{{capId}}","task_id":"{{id}}"}""");
            Assert.Equal(ArrivalVerdict.Kept, await spool.KeepAsync(new Arrival(capId, capId, id, line, IsVouched: true)));
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var lines = (await request.Content!.ReadAsStringAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonElement.Parse(line)).Select(line => (CapId: line.Text("cap_id"), Id: line.Text("task_id"))).ToList();
        sizes.Enqueue(lines.Count);
        var isPoisoned = !isMended && lines.Exists(line => line.Id == "BAD");
        var answer = new StringBuilder();
        foreach (var (capId, id) in lines)
        {
            var isAgain = isPoisoned && capId == "X";
            var receipt = TestReceipt.Of(capId, id);
            answer.Append(isAgain ? "{\"line\":1,\"status\":503,\"problem\":{}}\n"
                : $"{{\"line\":1,\"status\":{(id == "KNOWN" ? 200 : 201)},\"incident\":{receipt}}}\n");
            if (!isAgain)
            {
                taken.Enqueue(id);
            }
        }

        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer.ToString()) };
        response.Headers.RetryAfter = isRestLong ? null : new RetryConditionHeaderValue(TimeSpan.Zero); // the shortest backoff
        return response;
    }
}
