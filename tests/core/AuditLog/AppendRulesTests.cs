using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Tests.Core.AuditLog;

/// <summary>Nothing changes in a log's read models without an entry that states it.</summary>
public sealed class AppendRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
    private static readonly IncidentRow Row = new("Z-001", "INC-1", [1], 0, -0.078m, Now);
    private static readonly CorrectionRow Correction = new("Z-001", "INC-1", 0.5m);
    private static readonly CapContext Context = new("Z-001", 2, "Z", 50m, 1.2m, 0.9m, []);

    private static readonly EntryDraft Accepted = Draft(EntryKinds.IncidentAccepted, "-0.078");
    private static readonly EntryDraft Corrected = Entry.Write(EntryKinds.ScoreCorrected, "log", Now, new CanonicalObject()
        .Add("adjustment", "0.5").Add("capId", "Z-001").Add("incidentId", "INC-1"));
    private static readonly EntryDraft KeyAdded = Entry.Write(EntryKinds.KeyAdded, "log", Now, new CanonicalObject().Add("capId", "Z-001"));

    [Fact]
    public void What_the_service_appends_breaks_no_rule()
    {
        Assert.Null(AppendRules.Fault(new Append { Entries = [Accepted], Incident = Row }, "log"));
        Assert.Null(AppendRules.Fault(new Append { Entries = [Corrected], Correction = Correction, Context = Context }, "log"));
        Assert.Null(AppendRules.Fault(new Append { Entries = [KeyAdded], Context = Context }, "log"));
        Assert.Null(AppendRules.Fault(new Append { Entries = [], Offset = new OffsetCommit("archive", 0, 1) }, "log"));
    }

    [Fact]
    public void A_silent_change_of_a_score_or_a_context_is_refused()
    {
        Append[] silent =
        [
            new() { Entries = [], Context = Context }, // a key that is in no entry
            new() { Entries = [KeyAdded], Context = Context with { CapId = "Z-002" } },
            new() { Entries = [Accepted], Incident = Row, Context = Context },
            new() { Entries = [], Correction = Correction },
            new() { Entries = [Corrected], Correction = Correction with { Adjustment = -777m } },
            new() { Entries = [], Incident = Row },
            new() { Entries = [Accepted] },
            new() { Entries = [Accepted], Incident = Row with { DeltaCap = 1m } },
            new() { Entries = [Accepted], Incident = Row with { IncidentId = "INC-2" } },
            new() { Entries = [Accepted], Incident = Row with { GroupId = "G", GroupFirst = "INC-1" } }, // a group that is in no entry
            new() { Entries = [Accepted, Accepted], Incident = Row },
            new() { Entries = [new EntryDraft(EntryKinds.IncidentAccepted, "{}"u8.ToArray())], Incident = Row },
            new() { Entries = [Accepted with { Kind = "incident.acceptedx" }] }, // a row whose kind is not that of its bytes
            new() { Entries = [Draft(EntryKinds.IncidentAccepted, "1", description: "\",\"deltaCap\":\"-0.078\",\"")], Incident = Row }, // a description that looks like a member
        ];
        Assert.All(silent, append => Assert.NotNull(AppendRules.Fault(append, "log")));
        Assert.NotNull(AppendRules.Fault(new Append { Entries = [Accepted], Incident = Row }, "another log"));
    }

    private static EntryDraft Draft(string kind, string deltaCap, string description = "") => Entry.Write(kind, "log", Now, new CanonicalObject()
        .Add("capId", "Z-001").Add("deltaCap", deltaCap).Add("description", description).Add("incidentId", "INC-1"));
}
