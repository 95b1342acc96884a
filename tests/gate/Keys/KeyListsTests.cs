using System.Net;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate.Keys;

namespace CapOrleans.Tests.Gate.Keys;

public sealed class KeyListsTests : IDisposable
{
    private static readonly IPAddress Host = IPAddress.Parse("192.0.2.1"), Other = IPAddress.Parse("192.0.2.2");

    private readonly KeyCluster cluster = new();
    private readonly TaskCompletionSource<HttpResponseMessage> never = new();

    public void Dispose() => cluster.Dispose();

    [Fact]
    public async Task Concurrent_look_ups_of_one_CapID_make_one_request()
    {
        var held = new TaskCompletionSource<HttpResponseMessage>();
        cluster.Register("A", PrivateKey.Create());
        cluster.Answer = _ => held.Task;
        var asking = Enumerable.Range(0, 50).Select(_ => FindAsync("A")).ToList();
        held.SetResult(cluster.ListOf("A"));
        Assert.All(await Task.WhenAll(asking), lookup => Assert.Equal(LookupVerdict.Listed, lookup.Verdict));
        Assert.Single(cluster.Asked);
        Assert.Equal(LookupVerdict.Listed, (await FindAsync("A")).Verdict);
        Assert.Single(cluster.Asked);
    }

    [Fact]
    public async Task Strangers_look_ups_are_limited_and_do_not_affect_those_of_listed_CapIDs()
    {
        cluster.Register("A", PrivateKey.Create());
        await FindAsync("A");
        cluster.Time.Advance(KeyLists.MaxAgeToAllow + TimeSpan.FromSeconds(1));
        var held = new TaskCompletionSource();
        cluster.Answer = async capId =>
        {
            await held.Task;
            return cluster.ListOf(capId);
        };
        var asking = Enumerable.Range(0, LookupQueue.MaxRunning).Select(i => FindAsync($"S-{i}")).ToList();
        var refresh = FindAsync("A");
        await Eventually.TrueAsync(() => cluster.Asked.Count == 1 + LookupQueue.MaxRunning + 1);
        held.SetResult();
        await Task.WhenAll([.. asking, refresh]);
        Assert.All(asking, lookup => Assert.Equal(LookupVerdict.Listed, lookup.Result.Verdict));
    }

    [Fact]
    public async Task A_caller_with_many_CapIDs_delays_no_other_by_more_than_one_look_up()
    {
        var held = Enumerable.Range(0, LookupQueue.MaxRunning).ToDictionary(i => $"S-{i}", _ => new TaskCompletionSource<HttpResponseMessage>());
        cluster.Answer = capId => held.TryGetValue(capId, out var first) ? first.Task : Task.FromResult(cluster.ListOf(capId));
        var running = held.Keys.Select(capId => FindAsync(capId)).ToList();
        await Eventually.TrueAsync(() => cluster.Asked.Count == LookupQueue.MaxRunning);

        // Eight addresses fill the waiting queue, and one of them asks for the honest CapID as well.
        var strangers = Enumerable.Range(1, 8).Select(i => IPAddress.Parse($"198.51.100.{i}")).ToList();
        var waiting = strangers.SelectMany((address, a) => Enumerable.Range(0, LookupQueue.MaxWaitingEach)
            .Select(i => FindAsync(a == 0 && i == LookupQueue.MaxWaitingEach - 1 ? "NEW" : $"W-{a}-{i}", address))).ToList();
        Assert.Equal(LookupVerdict.Busy, (await FindAsync("ONE-MORE", strangers[0])).Verdict);
        var honest = FindAsync("NEW", Other);
        Assert.Equal(LookupVerdict.Busy, (await await Task.WhenAny(waiting)).Verdict); // one of them was displaced
        held["S-0"].SetResult(cluster.ListOf("S-0"));
        Assert.Equal(LookupVerdict.Listed, (await honest).Verdict);
        Assert.True(Array.IndexOf([.. cluster.Asked], "NEW") <= LookupQueue.MaxRunning + strangers.Count);
        foreach (var capId in held.Keys.Skip(1))
        {
            held[capId].SetResult(cluster.ListOf(capId));
        }

        await Task.WhenAll([.. running, .. waiting]);
    }

    [Fact]
    public async Task A_caller_who_waits_too_long_is_refused_and_the_look_up_is_not_made()
    {
        var held = new TaskCompletionSource<HttpResponseMessage>();
        cluster.Answer = _ => held.Task;
        var running = Enumerable.Range(0, LookupQueue.MaxRunning).Select(i => FindAsync($"S-{i}")).ToList();
        await Eventually.TrueAsync(() => cluster.Asked.Count == LookupQueue.MaxRunning);
        var late = FindAsync("LATE", Other);
        cluster.Time.Advance(LookupQueue.MaxWait);
        Assert.Equal(LookupVerdict.Busy, (await late).Verdict);
        await Task.WhenAll(running);
        cluster.Answer = null;
        await Eventually.TrueAsync(async () => (await FindAsync("B", Other)).Verdict == LookupVerdict.Listed);
        Assert.DoesNotContain("LATE", cluster.Asked);
    }

    [Fact]
    public async Task A_look_up_that_fails_unexpectedly_does_not_keep_its_slot()
    {
        cluster.Answer = _ => throw new InvalidOperationException("unforeseen");
        for (var i = 0; i <= LookupQueue.MaxRunning; i++)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => FindAsync("A").WaitAsync(TimeSpan.FromMinutes(1),
                TimeProvider.System));
        }

        cluster.Answer = null;
        Assert.Equal(LookupVerdict.Listed, (await FindAsync("A")).Verdict);
    }

    [Theory]
    [InlineData("""{"capId":"A","version":1,"keys":[null]}""")]
    [InlineData("""{"capId":"A","version":1,"keys":[{"address":null,"roles":["reporter"]}]}""")]
    [InlineData("""{"capId":"A","version":1,"keys":[{"address":"0x2c7536E3605D9C16a7a3D7b1898e529396a65c23","roles":null}]}""")]
    [InlineData("""{"capId":"A","version":1,"keys":null}""")]
    [InlineData("""{"capId":null,"keys":[]}""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("<html>")]
    public async Task A_200_without_a_key_list_is_not_a_list(string body)
    {
        cluster.Answer = _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body) });
        Assert.Equal(LookupVerdict.Busy, (await FindAsync("A")).Verdict);
    }

    [Fact]
    public async Task One_late_answer_is_no_outage()
    {
        cluster.Answer = _ => never.Task;
        var late = FindAsync("A");
        await cluster.TimeOutAsync(asked: 1);
        Assert.Equal(LookupVerdict.Busy, (await late).Verdict);
        Assert.False(cluster.Health.IsPaused);
        cluster.Answer = null;
        Assert.Equal(LookupVerdict.Listed, (await FindAsync("B")).Verdict);
        Assert.Null(cluster.Lists.LastError);
    }

    [Fact]
    public async Task A_cluster_too_slow_for_a_host_but_faster_than_five_seconds_is_not_unreachable()
    {
        cluster.Register("A", PrivateKey.Create());
        await FindAsync("A");
        cluster.Answer = async capId =>
        {
            await Task.Delay(TimeSpan.FromSeconds(4), cluster.Time);
            return cluster.ListOf(capId);
        };
        for (var i = 0; i < 10; i++)
        {
            // Three time out within more than two seconds, before the gate's own probe is answered.
            var began = cluster.Time.GetUtcNow();
            for (var j = 0; j < 3; j++)
            {
                var late = FindAsync($"S-{i}-{j}");
                await PassesAsync(() => late.IsCompleted);
                Assert.Equal(LookupVerdict.Busy, (await late).Verdict);
                Assert.False(cluster.Health.IsPaused);
            }

            Assert.True(cluster.Time.GetUtcNow() - began > LookupHealth.OutageAfter);
            await PassesAsync(() => !cluster.Health.IsInDoubt);
            Assert.False(cluster.Health.IsPaused);
        }
    }

    [Fact]
    public async Task A_cluster_that_hangs_counts_as_unreachable_in_the_end()
    {
        cluster.Answer = _ => never.Task;
        var late = FindAsync("A");
        await PassesAsync(() => late.IsCompleted);
        Assert.False(cluster.Health.IsPaused);
        await cluster.OutageAsync();
    }

    private Task PassesAsync(Func<bool> until) => Eventually.TrueAsync(() =>
    {
        cluster.Time.Advance(TimeSpan.FromMilliseconds(250));
        return until();
    });

    [Fact]
    public async Task In_an_outage_no_caller_waits_and_the_first_successful_probe_ends_it()
    {
        cluster.Answer = _ => throw new HttpRequestException("refused");
        Assert.Equal(LookupVerdict.Busy, (await FindAsync("A")).Verdict);
        await cluster.OutageAsync(); // although no host retries
        var asked = cluster.Asked.Count;
        Assert.Equal(LookupVerdict.Unavailable, (await FindAsync("A")).Verdict);
        Assert.Equal(asked, cluster.Asked.Count);

        cluster.Time.Advance(LookupHealth.ProbeInterval);
        var lookups = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => FindAsync($"P-{i}")));
        Assert.All(lookups, lookup => Assert.Equal(LookupVerdict.Unavailable, lookup.Verdict));
        Assert.Equal(asked + 1, cluster.Asked.Count);

        cluster.Answer = null;
        cluster.Time.Advance(LookupHealth.ProbeInterval);
        Assert.Equal(LookupVerdict.Listed, (await FindAsync("A")).Verdict);
        Assert.Equal(LookupVerdict.Listed, (await FindAsync("B")).Verdict);
    }

    [Fact]
    public async Task Slow_answers_about_unknown_CapIDs_neither_cause_nor_prolong_an_outage()
    {
        cluster.Register("A", PrivateKey.Create());
        await FindAsync("A");
        Func<string, Task<HttpResponseMessage>> onlyKnown = capId =>
            capId == "A" ? Task.FromResult(cluster.ListOf(capId)) : throw new HttpRequestException("late");
        cluster.Answer = onlyKnown;
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(LookupVerdict.Busy, (await FindAsync($"S-{i}")).Verdict);
            await Eventually.TrueAsync(() =>
            {
                cluster.Time.Advance(TimeSpan.FromMilliseconds(250));
                return cluster.Lists.LastError is null; // the gate's probe asked about A
            });
        }

        cluster.Answer = _ => throw new HttpRequestException("refused");
        await FindAsync("S-X");
        await cluster.OutageAsync();
        cluster.Answer = onlyKnown;
        cluster.Time.Advance(LookupHealth.ProbeInterval);
        await FindAsync("S-Y");
        Assert.False(cluster.Health.IsPaused);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.Forbidden)]
    public async Task A_cluster_that_refuses_this_gate_key_lists_is_rarely_asked_and_is_no_outage(HttpStatusCode status)
    {
        cluster.Answer = _ => Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(
            "{\"type\":\"urn:caporleans:problem:scope\"}") });
        Assert.Equal(LookupVerdict.Unavailable, (await FindAsync("A")).Verdict);
        Assert.Equal(LookupVerdict.Unavailable, (await FindAsync("B")).Verdict);
        Assert.Single(cluster.Asked);
        Assert.Contains($"{(int)status}", cluster.Lists.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_firewall_that_blocks_the_URL_of_one_CapID_blocks_no_other_look_up()
    {
        cluster.Register("A", PrivateKey.Create());
        cluster.Answer = capId => Task.FromResult(capId == "cmd.exe" ? new HttpResponseMessage(
            HttpStatusCode.Forbidden) { Content = new StringContent("<html>") } : cluster.ListOf(capId));
        for (var i = 0; i < 20; i++)
        {
            Assert.NotEqual(LookupVerdict.Listed, (await FindAsync("cmd.exe")).Verdict);
            Assert.Equal(LookupVerdict.Listed, (await FindAsync(i % 2 == 0 ? "A" : $"NOBODY-{i}")).Verdict);
            cluster.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(cluster.Health.IsPaused);
    }

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    public async Task A_busy_cluster_never_counts_as_unreachable(HttpStatusCode status)
    {
        Task<HttpResponseMessage> Busy(string capId) => Task.FromResult(new HttpResponseMessage(status)
        {
            Content = new StringContent("{\"type\":\"urn:caporleans:problem:busy\"}"),
        });
        cluster.Answer = Busy;
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(LookupVerdict.Busy, (await FindAsync($"A-{i}")).Verdict);
            cluster.Time.Advance(LookupHealth.OutageAfter);
            Assert.False(cluster.Health.IsPaused || cluster.Health.IsInDoubt);
        }

        Assert.Contains($"{(int)status}", cluster.Lists.LastError, StringComparison.Ordinal);
        cluster.Answer = _ => throw new HttpRequestException("refused");
        await FindAsync("A");
        await cluster.OutageAsync();
        cluster.Answer = Busy;
        cluster.Time.Advance(LookupHealth.ProbeInterval);
        Assert.Equal(LookupVerdict.Busy, (await FindAsync("A")).Verdict); // the cluster is reachable again
    }

    [Fact]
    public async Task A_503_of_a_proxy_without_a_backend_is_an_outage()
    {
        cluster.Answer = _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("<html>") });
        await FindAsync("A");
        await cluster.OutageAsync();
        Assert.Equal(LookupVerdict.Unavailable, (await FindAsync("A")).Verdict);
    }

    [Fact]
    public async Task Unknown_CapIDs_evict_no_key_list()
    {
        cluster.Register("A", PrivateKey.Create());
        await FindAsync("A");
        for (var i = 0; i <= KeyLists.MaxLists; i++)
        {
            await FindAsync($"S-{i}");
        }

        Assert.NotNull(cluster.Lists.FindCached("A")?.Context);
        Assert.Null(cluster.Lists.FindCached("S-0"));
        Assert.NotNull(cluster.Lists.FindCached("S-1"));
    }

    private Task<Lookup> FindAsync(string capId, IPAddress? address = null) =>
        cluster.Lists.FindAsync(capId, address ?? Host, KeyLists.MaxAgeToAllow);
}
