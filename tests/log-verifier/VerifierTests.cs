using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Escalation;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.MerkleTree;
using CapOrleans.Core.Signatures;
using CapOrleans.LogVerifier;

namespace CapOrleans.Tests.LogVerifier;

/// <summary>Entries appended with write access: the tree is correct, and their content is not.</summary>
public sealed class VerifierTests : IAsyncLifetime
{
    private const string CapId = "Z-001";

    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);
    private static readonly AdmissionPolicy Policy = new(AcceptUnsigned: false);

    private readonly PrivateKey reporter = PrivateKey.Create(), former = PrivateKey.Create(), stranger = PrivateKey.Create();
    private readonly TempDirectory directory = new();
    private SqliteLogWriter writer = null!;
    private LogHead head = null!;
    private CapContext context = null!;

    public async Task InitializeAsync()
    {
        writer = new SqliteLogWriter(SqliteDatabase.Open(directory.File("log.db"), 1));
        head = await writer.OpenAsync(0, default);
        await DefineAsync(reporter, former);
        await AppendAsync(Incident(former, "I-0"));
        await DefineAsync(reporter);
        await AppendAsync(Incident(reporter, "I-1"));
        var accepted = (await Reader.FindIncidentAsync(CapId, "I-1", default))!;
        var (change, row) = ScoreCorrection.Of(context, accepted, 0m, new Correction("I-1", 0.5m, "recounted"), Actor.Service, head.Origin, Now);
        await AppendAsync(new Append { Entries = change.Entries, Expected = ExpectedVersion.Of(CapId, context), Context = change.Next, Correction = row });
        context = change.Next!;
    }

    public Task DisposeAsync()
    {
        writer.Dispose();
        directory.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_properly_written_log_has_no_findings_and_yields_each_incident()
    {
        var incidents = new List<VerifiedIncident>();
        var verification = await new Verifier(Reader, accepted: incidents.Add).VerifyAsync(0, default);
        Assert.Empty(verification.Findings);
        Assert.Equal(head, verification.Head! with { Root = head.Root });
        Assert.Equal(["I-0", "I-1"], incidents.Select(incident => incident.Incident.IncidentId));
        Assert.Equal(["Log 1: there is no such log"], (await new Verifier(Reader).VerifyAsync(1, default)).Findings);
    }

    [Fact]
    public async Task An_incident_of_an_unauthorised_signer_is_named()
    {
        await AppendAsync(Incident(stranger, "I-2"), Incident(former, "I-3"));
        Assert.Equal(
            [
                $"Log 0: entry {head.Size - 2} should have been refused: The signer {stranger.Address} must be a key of the CapID.",
                $"Log 0: entry {head.Size - 1} should have been refused: The signer {former.Address} was revoked at {Now:O}.",
            ],
            await FindingsAsync());
    }

    [Fact]
    public async Task An_incident_whose_signature_time_or_numbers_are_not_its_own_is_named()
    {
        var late = TestIncident.Signed(reporter, CapId, "I-4", Now.AddDays(-8));
        await AppendAsync(
            Incident(Accepted(reporter, "I-2") with { Signer = $"{former.Address}" }), Incident(Accepted(reporter, "I-3", context with { Phi = 9m })),
            Incident(AcceptedIncident.Of(late.Report(), new Proof("identity-v1", $"{reporter.Address}"), context, Policy, Now)),
            Incident(Accepted(reporter, "I-5") with { ContextVersion = 1 }), Incident(Accepted(reporter, "I-6") with { DeltaCap = 7m }));
        var findings = await FindingsAsync();
        Assert.Equal(5, findings.Count);
        Assert.Contains($"it is not signed by {former.Address}", findings[0], StringComparison.Ordinal);
        Assert.Contains("was judged by a different phi and psi than its CapID had then", findings[1], StringComparison.Ordinal);
        Assert.Contains("The timestamp must be at most 7 days before", findings[2], StringComparison.Ordinal);
        Assert.Contains("was judged by a different version than its CapID had then", findings[3], StringComparison.Ordinal);
        Assert.Contains("has an invalid proof: its dCap is 7", findings[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_anchor_of_a_root_that_the_log_never_had_is_named()
    {
        var (size, root) = (head.Size, Convert.ToHexStringLower(head.Root));
        Append Anchor(long of, string named) => Entries(
            EntryKinds.AnchorBatched, new CanonicalObject().Add("from", size).Add("root", named).Add("size", of).Add("to", size));
        await AppendAsync(Anchor(size, root), Anchor(size, new string('0', 64)), Anchor(size + 900, root), Anchor(size - 1, root));
        var findings = (await FindingsAsync()).Where(finding => finding.Contains("root", StringComparison.Ordinal));
        Assert.Equal(
            [
                $"Log 0: entry {size + 1} names a root that differs from that of the first {size} entries",
                $"Log 0: entry {size + 2} names a root of {size + 900} entries, a size that is too far back or not reached yet",
                $"Log 0: entry {size + 3} covers entries up to {size} with a root of only {size - 1} entries",
            ],
            findings);
    }

    [Fact]
    public async Task Updates_and_deliveries_are_compared_with_their_incident()
    {
        var accepted = (await Reader.FindIncidentAsync(CapId, "I-1", default))!.Index;
        ProvenUpdate Resolved(long index, string severity) => new(
            new UpdateRequest(UpdateAction.Resolve, null, null, null), "I-1", index, severity, "high", null, "key:01234567", "desk", null);
        Append Update(ProvenUpdate update) => new() { Entries = [IncidentUpdates.Write(CapId, update, head.Origin, Now)] };
        var recovery = Resolved(accepted, "normal") with { Recovery = "I-0" };
        Append Delivery(string incidentId) => Entries(EntryKinds.DeliverySucceeded, new CanonicalObject()
            .Add("attempts", 1).Add("capId", CapId).Add("fault", (string?)null).Add("incidentId", incidentId).Add("index", accepted).Add("webhook", "w"));
        var from = head.Size;
        await AppendAsync(Update(Resolved(accepted, "normal")), Update(Resolved(accepted + 1, "normal")), Update(Resolved(accepted, "critical")),
            Delivery("I-1"), Delivery("I-9"), Update(recovery), Update(recovery));
        var findings = (await FindingsAsync()).Where(finding => !finding.Contains("the recovery does not match the " +
            "incident", StringComparison.Ordinal));
        Assert.Equal(
            [
                $"Log 0: entry {from + 1} states a different index, severity or pagingFloor than the incident's",
                $"Log 0: entry {from + 2} states a different index, severity or pagingFloor than the incident's",
                $"Log 0: entry {from + 4} records the delivery of an incident that was not accepted before",
                $"Log 0: entry {from + 6} names a recovery that already resolved an incident",
            ],
            findings);
    }

    [Fact]
    public async Task A_page_that_skips_or_repeats_a_step_of_its_ladder_is_named()
    {
        var (accepted, from) = ((await Reader.FindIncidentAsync(CapId, "I-1", default))!.Index, head.Size);
        Append Page(int level, int round, long since, long index = -1) => new()
        {
            Entries = [new Page(CapId, "I-1", index < 0 ? accepted : index, "normal", "web", level, 2, round, since, 1, ["w"], []).Write(
                head.Origin, Now)],
        };
        await AppendAsync(
            Page(1, 1, accepted), Page(2, 1, accepted), Page(2, 1, accepted), Page(2, 2, accepted), Page(2, 1, from), Page(1, 2, from),
            Page(1, 1, from + 50), Page(1, 1, accepted), Page(1, 1, accepted, accepted + 1));
        Assert.Equal(
            [
                $"Log 0: entry {from + 2} skips or repeats a step of its ladder",
                    $"Log 0: entry {from + 3} skips or repeats a step of its ladder",
                $"Log 0: entry {from + 6} skips or repeats a step of its ladder",
                    $"Log 0: entry {from + 7} skips or repeats a step of its ladder",
                $"Log 0: entry {from + 8} pages an incident that was not accepted before",
            ],
            await FindingsAsync());
    }

    [Fact]
    public async Task The_delivery_of_a_report_of_inaction_may_name_an_incident_of_another_log()
    {
        var from = head.Size;
        Append Report(int count) => new()
        {
            Entries = [new Inaction("web", 60, count, [new(CapId, "I-other", 1, 7, "high")], ["w"]).Write(head.Origin, Now)],
        };
        Append Delivered(string incident) => new()
        {
            Entries =
            [
                Entry.Write(EntryKinds.DeliverySucceeded, head.Origin, Now, new CanonicalObject().Add("attempts", 1).Add("capId", CapId)
                    .Add("fault", (string?)null).Add("incidentId", incident).Add("index", from).Add("webhook", "w")),
            ],
            Deliveries = [new DeliveryRow("w", 0, from, CapId, incident, 2, DeliveryState.Delivered, Now, Now, [], 0)],
        };
        await AppendAsync(Report(1), Delivered("I-other"), Delivered("I-none"), Report(0));
        Assert.Equal(
            [
                $"Log 0: entry {from + 2} records the delivery of an incident that was not accepted before",
                $"Log 0: entry {from + 3} counts fewer incidents than it lists",
            ],
            await FindingsAsync());
    }

    [Fact]
    public async Task A_summary_of_an_incident_that_was_not_accepted_is_named()
    {
        var (accepted, from) = ((await Reader.FindIncidentAsync(CapId, "I-1", default))!.Index, head.Size);
        Append Summary(string incident, long index) => new()
        {
            Entries = [new SilenceSummary("deploy", "web", 1, 2, 1, 60, 1, [new(CapId, incident, index, "high", index)], ["w"]).Write(
                head.Origin, Now)],
        };
        await AppendAsync(Summary("I-1", accepted), Summary("I-none", accepted), Summary("I-1", accepted + 1));
        Assert.Equal(
            [
                $"Log 0: entry {from + 1} sums up an incident that was not accepted before",
                $"Log 0: entry {from + 2} sums up an incident that was not accepted before",
            ],
            await FindingsAsync());
    }

    [Fact]
    public async Task A_signed_update_stands_in_the_log_once()
    {
        var responder = PrivateKey.Create();
        context = context with { Keys = [.. context.Keys, context.Keys[0] with { Address = $"{responder.Address}", Roles = ["responder"] }] };
        var accepted = (await Reader.FindIncidentAsync(CapId, "I-1", default))!.Index;
        const string Timestamp = "2026-11-29T12:00:00Z";
        var signature = $"{responder.Sign(IncidentUpdates.Hash(head.Origin, CapId, "I-1", UpdateAction.Acknowledge, Timestamp, null))}";
        var update = new Append
        {
            Entries = [IncidentUpdates.Write(CapId, new ProvenUpdate(new UpdateRequest(UpdateAction.Acknowledge, null, Timestamp, signature), "I-1",
                accepted, "normal", "high", null, $"{responder.Address}", null, Now), head.Origin, Now)],
        };
        await AppendAsync(update, update);
        Assert.Contains((await FindingsAsync()), finding => finding.EndsWith("replays the signature of an earlier entry", StringComparison.Ordinal));
    }

    [Fact]
    public void Earlier_roots_are_known_until_they_are_too_old()
    {
        var (history, tree, roots) = (new RootHistory(), new MerkleFrontier(), new List<byte[]>());
        for (var i = 0; i < 700; i++)
        {
            roots.Add(tree.Root());
            var leaf = MerkleHash.Leaf(BitConverter.GetBytes(i));
            history.Append(leaf);
            tree.Append(leaf);
        }

        Assert.All(Enumerable.Range(0, 700), size => Assert.Equal(roots[size], history.RootAt(size)));
        Assert.Equal(tree.Root(), history.RootAt(700));
        Assert.Null(history.RootAt(701));
        Assert.Null(history.RootAt(-1));
    }

    [Fact]
    public async Task Duplicates_and_references_to_nothing_or_to_later_entries_are_named()
    {
        var again = Incident(reporter, "I-1") with { Incident = null };
        await AppendAsync(
            again,
            Entries(EntryKinds.KeyAdded, new CanonicalObject().Add("address", $"{stranger.Address}").Add("capId", "NOBODY")),
            Entries(EntryKinds.ScoreCorrected, new CanonicalObject().Add("adjustment", "1").Add("capId", "NOBODY").Add("contextVersion", 2).Add("incidentId", "I-9")),
            Entries(EntryKinds.ArchiveBatched, new CanonicalObject().Add("from", 0).Add("to", 99)),
            Entries(EntryKinds.ArchiveBatched, new CanonicalObject().Add("from", 3).Add("to", 5)),
            Entries(EntryKinds.PolicyChanged, new CanonicalObject().Add("capId", CapId)));
        var findings = await FindingsAsync();
        string[] expected =
        [
            "accepts Z-001/I-1 again", "the list of incidents up to entry", "names a key of a CapID that was not registered",
            "corrects the score of a CapID", "corrects an incident that was not accepted", "covers the impossible " +
                "range 0 to 99", "covers entries from 3, but",
            "cannot be read",
            "NOBODY is not stored", "Z-001 is stored with 2 incidents",
        ];
        Assert.All(expected, text => Assert.Contains(findings, finding => finding.Contains(text, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Endless_findings_are_counted_and_not_kept()
    {
        await AppendAsync([.. Enumerable.Range(0, 1100).Select(_ => Entries(EntryKinds.PolicyChanged, new CanonicalObject()))]);
        var findings = await FindingsAsync();
        Assert.Equal((1001, "Log 0: 100 more findings."), (findings.Count, findings[^1]));
    }

    private SqliteLogReader Reader => new(SqliteDatabase.Open(directory.File("log.db"), 1));

    private async Task<IReadOnlyList<string>> FindingsAsync() => (await new Verifier(Reader).VerifyAsync(0, default)).Findings;

    private async Task AppendAsync(params Append[] batch)
    {
        (head, var outcomes) = await writer.CommitAsync(0, head, batch, default);
        Assert.All(outcomes, outcome => Assert.Equal(AppendVerdict.Appended, outcome.Verdict));
    }

    private async Task DefineAsync(params PrivateKey[] keys)
    {
        var definition = new CapDefinition(null, null, null, null, [.. keys.Select(key => new KeyDefinition($"{key.Address}", null, null, null))]);
        var (next, entries, _) = CapChange.Of(context, CapId, definition, Authority.OfOperator(Actor.Service), head.Origin, Now);
        await AppendAsync(new Append { Entries = entries, Expected = ExpectedVersion.Of(CapId, context), Context = next });
        context = (await Reader.FindCapAsync(CapId, default))!.Value.Context;
    }

    private AcceptedIncident Accepted(PrivateKey key, string id, CapContext? judgedBy = null) => AcceptedIncident.Of(
        TestIncident.Signed(key, CapId, id, Now).Report(), new Proof("identity-v1", $"{key.Address}"), judgedBy ?? context, Policy, Now);

    private Append Incident(PrivateKey key, string id) => Incident(Accepted(key, id));

    private Append Incident(AcceptedIncident accepted) => new()
    {
        Entries = [accepted.ToEntry(head.Origin)],
        Incident = new IncidentRow(CapId, accepted.IncidentId, Convert.FromHexString(accepted.AuditHash), 0, accepted.DeltaCap, Now),
    };

    private Append Entries(string kind, CanonicalObject body) => new() { Entries = [Entry.Write(kind, head.Origin, Now, body)] };
}
