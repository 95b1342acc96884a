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
    public async Task Who_asks_about_one_CapID_at_the_same_time_makes_one_request()
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
    public async Task Strangers_have_so_many_look_ups_and_leave_those_of_listed_CapIDs_alone()
    {
        cluster.Register("A", PrivateKey.Create());
        await FindAsync("A");
        cluster.Time.Advance(KeyLists.ForYes + TimeSpan.FromSeconds(1));
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
    public async Task Whoever_asks_about_many_CapIDs_delays_nobody_by_more_than_one_look_up()
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
    public async Task Who_waits_too_long_for_a_turn_is_told_and_the_look_up_is_not_made()
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
    public async Task A_look_up_that_fails_as_nobody_foresaw_takes_no_place_with_it()
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
    public async Task What_answers_200_and_is_no_list_of_keys_is_none(string body)
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
    public async Task A_cluster_that_answers_too_late_for_a_host_and_within_five_seconds_is_slow_and_not_away()
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
    public async Task A_cluster_that_hangs_is_away_in_the_end()
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
    public async Task In_an_outage_nobody_waits_one_asks_now_and_then_and_the_first_answer_ends_it()
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
    public async Task Slow_answers_about_CapIDs_that_nobody_has_are_no_outage_and_do_not_prolong_one()
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
    public async Task A_cluster_that_tells_this_gate_nothing_is_not_asked_all_the_time_and_is_no_outage(HttpStatusCode status)
    {
        cluster.Answer = _ => Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(
            "{\"type\":\"urn:caporleans:problem:scope\"}") });
        Assert.Equal(LookupVerdict.Unavailable, (await FindAsync("A")).Verdict);
        Assert.Equal(LookupVerdict.Unavailable, (await FindAsync("B")).Verdict);
        Assert.Single(cluster.Asked);
        Assert.Contains($"{(int)status}", cluster.Lists.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_firewall_that_lets_the_URL_of_one_name_not_pass_keeps_no_other_from_being_looked_up()
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
    public async Task A_cluster_that_is_busy_is_not_away_however_long(HttpStatusCode status)
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
    public async Task A_proxy_that_says_503_because_nobody_is_behind_it_is_an_outage()
    {
        cluster.Answer = _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("<html>") });
        await FindAsync("A");
        await cluster.OutageAsync();
        Assert.Equal(LookupVerdict.Unavailable, (await FindAsync("A")).Verdict);
    }

    [Fact]
    public async Task CapIDs_that_nobody_has_push_out_no_list()
    {
        cluster.Register("A", PrivateKey.Create());
        await FindAsync("A");
        for (var i = 0; i <= KeyLists.MaxLists; i++)
        {
            await FindAsync($"S-{i}");
        }

        Assert.NotNull(cluster.Lists.Last("A")?.Context);
        Assert.Null(cluster.Lists.Last("S-0"));
        Assert.NotNull(cluster.Lists.Last("S-1"));
    }

    private Task<Lookup> FindAsync(string capId, IPAddress? address = null) =>
        cluster.Lists.FindAsync(capId, address ?? Host, KeyLists.ForYes);
}
