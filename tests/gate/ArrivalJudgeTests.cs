using System.Net;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Keys;

namespace CapOrleans.Tests.Gate;

public sealed class ArrivalJudgeTests : IDisposable
{
    private readonly PrivateKey key = PrivateKey.Create(), stranger = PrivateKey.Create();
    private KeyCluster cluster = new();

    public void Dispose() => cluster.Dispose();

    [Fact]
    public async Task A_key_of_the_list_is_vouched_for_and_another_is_refused()
    {
        cluster.Register("A", key);
        Assert.Equal((null, true, true), OutcomeOf(await JudgeAsync(key)));
        Assert.Equal((Verdict.Unauthorised, false, false), OutcomeOf(await JudgeAsync(stranger)));
        Assert.Equal((Verdict.CapUnknown, false, false), OutcomeOf(await JudgeAsync(stranger, "NONE")));
    }

    [Fact]
    public async Task A_look_up_that_fails_asks_for_a_retry_and_vouches_for_no_key()
    {
        cluster.Answer = _ => throw new HttpRequestException("late");
        Assert.Equal((Verdict.Busy, false, false), OutcomeOf(await JudgeAsync(key)));
    }

    [Fact]
    public async Task An_outdated_list_may_vouch_but_not_refuse()
    {
        cluster.Register("A", key);
        await JudgeAsync(key);
        cluster.Time.Advance(TimeSpan.FromHours(1));
        cluster.Answer = _ => throw new HttpRequestException("late");
        Assert.Equal((null, true, true), OutcomeOf(await JudgeAsync(key)));
        Assert.Equal((Verdict.Busy, false, false), OutcomeOf(await JudgeAsync(stranger)));
        await cluster.OutageAsync();
        Assert.Equal((null, true, true), OutcomeOf(await JudgeAsync(key)));
        Assert.Equal((null, false, false), OutcomeOf(await JudgeAsync(stranger))); // a cluster that cannot be asked has not refused the key
    }

    [Fact]
    public async Task A_key_that_was_just_added_is_asked_about_before_it_is_refused()
    {
        cluster.Register("A", stranger);
        Assert.Equal((Verdict.Unauthorised, false, false), OutcomeOf(await JudgeAsync(key)));
        cluster.Register("A", stranger, key);
        cluster.Time.Advance(KeyLists.MaxAgeToRefuse + TimeSpan.FromMilliseconds(1));
        Assert.Equal((null, true, true), OutcomeOf(await JudgeAsync(key)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_a_list_it_is_accepted_and_pages_no_one_unless_configured(bool escalateUnknownKeys)
    {
        cluster.Dispose();
        cluster = new KeyCluster(escalateUnknownKeys: escalateUnknownKeys) { Answer = _ => throw new HttpRequestException("refused") };
        await JudgeAsync(key);
        await cluster.OutageAsync();
        Assert.Equal((null, false, escalateUnknownKeys), OutcomeOf(await JudgeAsync(key)));
    }

    [Fact]
    public async Task A_cluster_that_gives_no_lists_neither_refuses_nor_vouches()
    {
        cluster.Answer = _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.Unauthorized));
        Assert.Equal((null, false, false), OutcomeOf(await JudgeAsync(key)));
    }

    [Fact]
    public async Task Unsigned_reports_are_never_vouched_for()
    {
        cluster.Dispose();
        cluster = new KeyCluster(acceptUnsigned: true, escalateUnknownKeys: true);
        cluster.Register("A", key);
        var unsigned = TestIncident.Signed(key, "A", "U-1", cluster.Time.GetUtcNow());
        unsigned.Remove("signature");
        unsigned.Remove("signer");
        var judge = new ArrivalJudge(cluster.Lists, new ProvenQueues(), cluster.Options, cluster.Time);
        Assert.Equal((null, false, false), OutcomeOf(await judge.JudgeAsync(unsigned.Report(), IPAddress.Loopback)));
    }

    private static (Verdict? Refused, bool IsVouched, bool MayPage) OutcomeOf(ArrivalRuling standing) =>
        (standing.Refused?.Verdict, standing.IsVouched, standing.MayPage);

    private Task<ArrivalRuling> JudgeAsync(PrivateKey by, string capId = "A") => new ArrivalJudge(cluster.Lists,
        new ProvenQueues(), cluster.Options, cluster.Time)
        .JudgeAsync(TestIncident.Signed(by, capId, "I-1", cluster.Time.GetUtcNow()).Report(), IPAddress.Loopback);
}
