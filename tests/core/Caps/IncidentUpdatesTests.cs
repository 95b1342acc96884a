using System.Text;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Core.Caps;

/// <summary>A stored update is verified again when the log is replayed.</summary>
public sealed class IncidentUpdatesTests
{
    private const string Origin = "caporleans-test/log/0", Timestamp = "2026-11-30T12:00:00Z";

    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 1, TimeSpan.Zero);

    private readonly PrivateKey key = PrivateKey.Create();

    [Fact]
    public void A_responder_s_signature_verifies_and_an_altered_update_does_not()
    {
        var entry = Entry(UpdateAction.Acknowledge, "on it");
        Assert.Null(IncidentUpdates.FaultOf(entry, Origin, Context()));
        foreach (var (before, after) in ((string, string)[])[("on it", "on it!"), ("I-1", "I-2"), ("2026-11-30T12:00:00Z",
            "2026-11-30T12:00:01Z"),
            ($"\"by\":\"{key.Address}\"", $"\"by\":\"{PrivateKey.Create().Address}\"")])
        {
            Assert.Contains("is invalid", IncidentUpdates.FaultOf(Changed(entry, before, after), Origin, Context()),
                StringComparison.Ordinal);
        }

        Assert.Contains("is invalid", IncidentUpdates.FaultOf(entry with { Kind = "incident.resolved" }, Origin, Context()),
            StringComparison.Ordinal);
        Assert.Contains("is invalid", IncidentUpdates.FaultOf(entry, "another/log/0", Context()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("reporter", UpdateAction.Acknowledge, false)]
    [InlineData("reporter", UpdateAction.Resolve, true)]
    [InlineData("admin", UpdateAction.Resolve, false)]
    [InlineData("admin", UpdateAction.Respond, true)]
    [InlineData("responder", UpdateAction.Reopen, true)]
    public void An_update_without_the_right_to_it_is_found(string role, UpdateAction action, bool mayAct)
    {
        var entry = Entry(action, "a note");
        var fault = IncidentUpdates.FaultOf(entry, Origin, Context(role));
        Assert.Equal(mayAct ? null : "should have been refused", fault?[.."should have been refused".Length]);
        var revoked = Context(role);
        revoked = revoked with { Keys = [revoked.Keys[0] with { RevokedAt = Now.AddMinutes(-1) }] };
        Assert.StartsWith("should have been refused", IncidentUpdates.FaultOf(entry, Origin, revoked), StringComparison.Ordinal);
        var late = revoked with { Keys = [revoked.Keys[0] with { RevokedAt = null, NotBefore = Now.AddMinutes(1) }] };
        Assert.StartsWith("should have been refused", IncidentUpdates.FaultOf(entry, Origin, late), StringComparison.Ordinal);
    }

    [Fact]
    public void An_act_without_a_signature_is_an_operator_s_or_a_recovery_s()
    {
        LogEntry Unsigned(UpdateAction action, string by, string? recovery)
        {
            var draft = IncidentUpdates.Write("C", new ProvenUpdate(
                new UpdateRequest(action, null, null, null), "XFAIL-0123456789ab", 7, "critical", "high", by, by, null,
                    Now) { Recovery = recovery },
                Origin, Now);
            return new LogEntry(9, draft.Kind, draft.Bytes);
        }

        var address = key.Address.ToString();
        Assert.Null(IncidentUpdates.FaultOf(Unsigned(UpdateAction.Resolve, "key:01234567", null), Origin, Context()));
        Assert.Null(IncidentUpdates.FaultOf(Unsigned(UpdateAction.Resolve, address, "XOK-0123456789ab"), Origin, Context("reporter")));
        foreach (var (action, recovery, role) in ((UpdateAction, string?, string)[])[(UpdateAction.Resolve, null, "responder"),
            (UpdateAction.Reopen, "XOK-0123456789ab", "responder"), (UpdateAction.Resolve, "YOK-0123456789ab", "reporter"),
            (UpdateAction.Resolve, "XOK-0123456789ab", "admin")])
        {
            Assert.NotNull(IncidentUpdates.FaultOf(Unsigned(action, address, recovery), Origin, Context(role)));
        }
    }

    [Theory]
    [InlineData(-1, true, false)] // a captured one, signed before the page
    [InlineData(1, false, false)] // a second one, to the page
    [InlineData(null, false, false)] // an operator's
    public void An_acknowledgement_that_was_signed_before_a_page_does_not_answer_that_page_for_who_acknowledged_before(
        int? signedAfterPage, bool isSuperseded, bool isRedundant)
    {
        var page = new NewestPage(10, Now);
        IncidentUpdateView[] before = [new(9, Now.AddMinutes(-5), "acknowledge", "me", null, null, null, null, null)];
        var update = new ProvenUpdate(
            new UpdateRequest(UpdateAction.Acknowledge, null, "then", null), "I-1", 7, "critical", "high", null, "me", null,
            signedAfterPage is { } seconds ? Now.AddSeconds(seconds) : null);
        Assert.Equal(isSuperseded, IncidentUpdates.IsSuperseded(before, update, page));
        Assert.Equal(isRedundant, IncidentUpdates.IsRedundant(before, update, page));
        Assert.True(IncidentUpdates.IsRedundant(before, update, new NewestPage(8, Now))); // it is so since that page
        Assert.False(IncidentUpdates.IsSuperseded([before[0] with { By = "another" }], update, page)); // a late answer of its own
    }

    private LogEntry Entry(UpdateAction action, string note)
    {
        var signature = key.Sign(IncidentUpdates.Hash(Origin, "C", "I-1", action, Timestamp, note)).ToString();
        var update = new ProvenUpdate(
            new UpdateRequest(action, note, Timestamp, signature), "I-1", 7, "critical", "high", null, key.Address.ToString(), null, Now);
        var draft = IncidentUpdates.Write("C", update, Origin, Now);
        return new LogEntry(9, draft.Kind, draft.Bytes);
    }

    private static LogEntry Changed(LogEntry entry, string before, string after) =>
        entry with { Bytes = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(entry.Bytes).Replace(before, after,
            StringComparison.Ordinal)) };

    private CapContext Context(string role = "responder") =>
        new("C", 1, "C", 50m, 1m, 1m, [new SigningKey(key.Address.ToString(), [role], null, null, null, null)]);
}
