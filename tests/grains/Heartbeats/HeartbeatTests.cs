using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Client;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Heartbeats;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using CapOrleans.Tests.Grains.Webhooks;

namespace CapOrleans.Tests.Grains.Heartbeats;

/// <summary>Silence becomes an incident.</summary>
public sealed class HeartbeatTests : WebhookCluster
{
    private static readonly HeartbeatSchedule EveryMinute = new(60, null, null);

    private ICapGrain Cap => Cluster.Client.Cap("Z-001");

    [Fact]
    public async Task A_missed_heartbeat_is_an_incident_that_the_next_one_resolves()
    {
        await WatchAsync();
        var row = await SendAsync(HeartbeatEvent.Success);
        Assert.Equal(Time.GetUtcNow().AddSeconds(70), row.DueAt);
        Time.Advance(TimeSpan.FromSeconds(69));
        await WatchAsync();
        Assert.Null((await RowAsync()).Incident);

        Time.Advance(TimeSpan.FromSeconds(2));
        await EventuallyAsync(row => row.Incident is not null);
        var missed = await RowAsync();
        Assert.Equal((null, HeartbeatRules.IncidentId("backup", row.DueAt!.Value)), (missed.DueAt, missed.Incident));
        var incident = await ViewAsync(missed.Incident!);
        Assert.Equal(
            ("unverified", "high", "backup", "open", "heartbeat", 0m),
            (incident.Scheme, incident.Severity, incident.Agent, incident.State, incident.Integration!.Id, incident.DeltaCap));
        var entry = Body(Assert.Single(await EntriesAsync(EntryKinds.HeartbeatMissed)));
        Assert.Equal((missed.Incident, row.Last.Signature), (entry.Text("incidentId"), entry.GetProperty("last").Text("signature")));
        Time.Advance(TimeSpan.FromSeconds(200));
        await WatchAsync();
        Assert.Single(await EntriesAsync(EntryKinds.HeartbeatMissed)); // once, however long

        Assert.Null((await SendAsync(HeartbeatEvent.Success)).Incident);
        Assert.Equal("resolved", (await ViewAsync(missed.Incident!)).State);
        Assert.Single(await EntriesAsync(EntryKinds.HeartbeatChanged));
    }

    [Fact]
    public async Task A_failure_is_an_incident_at_once_and_a_job_that_does_not_end_one_after_the_grace_period()
    {
        await WatchAsync();
        var failed = await SendAsync(HeartbeatEvent.Failure, 3);
        Assert.Equal((null, "backup failed with exit status 3."), (failed.DueAt, (await ViewAsync(failed.Incident!)).Description));
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(failed.Incident, (await SendAsync(HeartbeatEvent.Failure, 4)).Incident); // still the same
        Time.Advance(TimeSpan.FromSeconds(1));
        await SendAsync(HeartbeatEvent.Success);
        Assert.Equal("resolved", (await ViewAsync(failed.Incident!)).State);

        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Time.GetUtcNow().AddSeconds(10), (await SendAsync(HeartbeatEvent.Start)).DueAt);
        Time.Advance(TimeSpan.FromSeconds(11));
        await EventuallyAsync(row => row.Incident is not null);
        Assert.Contains("has not ended", (await ViewAsync((await RowAsync()).Incident!)).Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_open_stays_the_incident_when_the_job_starts_and_is_missed_again()
    {
        await WatchAsync();
        var failed = await SendAsync(HeartbeatEvent.Failure, 3);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(failed.Incident, (await SendAsync(HeartbeatEvent.Start)).Incident);
        Time.Advance(TimeSpan.FromSeconds(11));
        await EventuallyAsync(row => row.DueAt is null);
        Assert.Equal(failed.Incident, Body(Assert.Single(await EntriesAsync(EntryKinds.HeartbeatMissed))).Text("incidentId"));
        Assert.Single(await EntriesAsync(EntryKinds.IncidentAccepted));
        await SendAsync(HeartbeatEvent.Success);
        Assert.Equal("resolved", (await ViewAsync(failed.Incident!)).State);
    }

    [Fact]
    public async Task A_job_that_goes_on_failing_after_people_resolved_its_incident_has_another()
    {
        await WatchAsync();
        var first = (await SendAsync(HeartbeatEvent.Failure, 3)).Incident!;
        await ResolveAsync(first);
        Time.Advance(TimeSpan.FromSeconds(1));
        var second = (await SendAsync(HeartbeatEvent.Failure, 3)).Incident!;
        Assert.NotEqual(first, second);
        Assert.Equal("open", (await ViewAsync(second)).State);
        await ResolveAsync(second);
        Time.Advance(TimeSpan.FromSeconds(1));
        await SendAsync(HeartbeatEvent.Start);
        Time.Advance(TimeSpan.FromSeconds(11));
        await EventuallyAsync(row => row.DueAt is null);
        var missed = Body(Assert.Single(await EntriesAsync(EntryKinds.HeartbeatMissed))).Text("incidentId");
        Assert.Equal("open", (await ViewAsync(missed)).State);
        await SendAsync(HeartbeatEvent.Success);
        Assert.Equal("resolved", (await ViewAsync(missed)).State);
    }

    [Fact]
    public async Task Who_takes_the_id_of_an_incident_in_advance_does_not_keep_it_from_being_filed()
    {
        await WatchAsync();
        var row = await SendAsync(HeartbeatEvent.Success);
        var taken = HeartbeatRules.IncidentId("backup", row.DueAt!.Value);
        await FileAsync(taken, "normal");
        Time.Advance(TimeSpan.FromSeconds(71));
        await EventuallyAsync(row => row.Incident is not null);
        var filed = (await RowAsync()).Incident!;
        Assert.StartsWith($"{taken}-", filed, StringComparison.Ordinal);
        Assert.Equal(("high", "heartbeat"), (await ViewAsync(filed)) is var view ? (view.Severity, view.Integration!.Id) : default);
    }

    [Fact]
    public async Task A_CapID_that_takes_no_unsigned_incidents_any_more_has_the_missed_one_in_its_log_alone()
    {
        await WatchAsync();
        await SendAsync(HeartbeatEvent.Success);
        Assert.Equal(CapVerdict.Changed, (await Cap.DefineAsync(
            new CapDefinition(Policy: new PolicyDefinition(RequireFullSignature: true)), Me)).Verdict);
        Time.Advance(TimeSpan.FromSeconds(71));
        await EventuallyAsync(row => row.DueAt is null);
        var missed = Body(Assert.Single(await EntriesAsync(EntryKinds.HeartbeatMissed)));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, missed.GetProperty("incidentId").ValueKind);
        Assert.Empty(await EntriesAsync(EntryKinds.IncidentAccepted));
    }

    [Fact]
    public async Task A_missed_heartbeat_is_one_incident_whatever_fails_meanwhile()
    {
        await WatchAsync();
        await SendAsync(HeartbeatEvent.Success);
        Time.Advance(TimeSpan.FromSeconds(71));
        (Writer.Prefix, Writer.Faults) = (EntryKinds.HeartbeatMissed, 2); // after the incident was accepted
        await EventuallyAsync(row => row.Incident is not null);
        Assert.Equal(0, Writer.Faults);
        Assert.Single(await EntriesAsync(EntryKinds.IncidentAccepted));
        Assert.Single(await EntriesAsync(EntryKinds.HeartbeatMissed));
    }

    [Fact]
    public async Task Nothing_is_missed_right_after_a_start_of_the_cluster()
    {
        await SendAsync(HeartbeatEvent.Success);
        Time.Advance(TimeSpan.FromSeconds(100)); // nobody watched
        var management = Cluster.Client.GetGrain<IManagementGrain>(0);
        await Eventually.TrueAsync(async () =>
        {
            await WatchAsync();
            return (await management.GetSimpleGrainStatistics()).Any(grain => grain.GrainType.Contains("HeartbeatsGrain",
                StringComparison.Ordinal));
        });
        Assert.Null((await RowAsync()).Incident);
        Time.Advance(TimeSpan.FromSeconds(11));
        await EventuallyAsync(row => row.Incident is not null);
    }

    [Fact]
    public async Task Only_a_reporter_sends_one_each_is_newer_than_the_last_and_the_last_ends_it()
    {
        var first = await SendAsync(HeartbeatEvent.Success);
        var again = await Cap.BeatAsync(first.Last); // the answer was lost
        Assert.Equal((HeartbeatVerdict.Recorded, first), (again.Verdict, again.Heartbeat));
        var stale = await Cap.BeatAsync(Sign(HeartbeatEvent.Failure, Reporter));
        Assert.Equal((HeartbeatVerdict.Conflicts, "stale-heartbeat"), (stale.Verdict, stale.Refusal!.Type));
        Time.Advance(TimeSpan.FromSeconds(1));
        var stranger = await Cap.BeatAsync(Sign(HeartbeatEvent.Success, PrivateKey.Create()));
        Assert.Equal((HeartbeatVerdict.Unauthorised, "signer-not-authorised"), (stranger.Verdict, stranger.Refusal!.Type));
        var nowhere = await Cluster.Client.Cap("NOBODY").BeatAsync(Sign(HeartbeatEvent.Success, Reporter));
        Assert.Equal(HeartbeatVerdict.CapUnknown, nowhere.Verdict);

        Assert.Equal(HeartbeatVerdict.Recorded, (await Cap.BeatAsync(Sign(HeartbeatEvent.End, Reporter))).Verdict);
        Assert.Empty((await Cap.HeartbeatsAsync())!);
        Assert.Equal($"{Reporter.Address}", Body(Assert.Single(await EntriesAsync(EntryKinds.HeartbeatRemoved))).Text("by"));
        Assert.False(await Cap.RemoveHeartbeatAsync("backup", Me));
    }

    [Fact]
    public async Task A_CapID_that_takes_only_full_signatures_takes_no_heartbeats_and_a_key_not_too_many()
    {
        Assert.Equal(CapVerdict.Changed, (await Cluster.Client.Cap(OtherCap).DefineAsync(
            new CapDefinition(Policy: new PolicyDefinition(RequireFullSignature: true)), Me)).Verdict);
        var refused = await Cluster.Client.Cap(OtherCap).BeatAsync(Sign(HeartbeatEvent.Success, Reporter, capId: OtherCap));
        Assert.Equal("full-signature-required", refused.Refusal!.Type);

        var rulings = new List<HeartbeatRuling>();
        for (var i = 0; i <= ClusterLimits.HeartbeatsPerMinute; i++)
        {
            rulings.Add(await Cap.BeatAsync(Sign(HeartbeatEvent.Success, Reporter)));
        }

        Assert.Equal((HeartbeatVerdict.TooMany, "too-many-heartbeats"), (rulings[^1].Verdict, rulings[^1].Refusal!.Type));
    }

    [Fact]
    public async Task A_CapID_has_a_limited_number_of_names()
    {
        for (var i = 0; i < HeartbeatRules.MaxPerCap; i++)
        {
            Assert.Equal(HeartbeatVerdict.Recorded, (await Cap.BeatAsync(Sign(HeartbeatEvent.Success, Reporter, $"job-{i}"))).Verdict);
        }

        var full = await Cap.BeatAsync(Sign(HeartbeatEvent.Success, Reporter, "one-more"));
        Assert.Equal((HeartbeatVerdict.Conflicts, "heartbeats-full"), (full.Verdict, full.Refusal!.Type));
    }

    private async Task<HeartbeatRow> SendAsync(HeartbeatEvent happened, int? exitStatus = null)
    {
        var ruling = await Cap.BeatAsync(Sign(happened, Reporter, exitStatus: exitStatus));
        Assert.Equal(HeartbeatVerdict.Recorded, ruling.Verdict);
        return ruling.Heartbeat!;
    }

    private SentHeartbeat Sign(
        HeartbeatEvent happened, PrivateKey key, string name = "backup", string capId = "Z-001", int? exitStatus = null)
    {
        var now = Time.GetUtcNow();
        var request = HeartbeatSigner.Sign(capId, name, happened, exitStatus, EveryMinute, 10, "high", key, now);
        var (heartbeat, refusal) = HeartbeatRules.Read(capId, name, request, now);
        return heartbeat ?? throw new InvalidOperationException($"{refusal}");
    }

    private Task WatchAsync() => Cluster.Client.GetGrain<IHeartbeatsGrain>(LogOfIncidents).WatchAsync();

    private async Task<HeartbeatRow> RowAsync() =>
        (await new SqliteLogReader(SqliteDatabase.Open(Folder.File("log.db"), 2)).FindHeartbeatAsync("Z-001", "backup", default))!;

    private Task EventuallyAsync(Func<HeartbeatRow, bool> condition) => Eventually.TrueAsync(async () =>
    {
        await WatchAsync();
        return condition(await RowAsync());
    });

    private async Task<IncidentView> ViewAsync(string id) => (await Cluster.Client.Incident("Z-001", id).ReadAsync())!;

    private async Task ResolveAsync(string incident) => Assert.Null((await Cluster.Client.Incident("Z-001", incident)
        .UpdateAsync(new UpdateRequest(UpdateAction.Resolve, null, null, null), Me)).Refusal);
}
