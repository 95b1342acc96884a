using System.Text.Json;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Access;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Caps;

/// <summary>
/// A correction of an incident's dCap. The incident's entry stays as it is; a new entry
/// refers to it and changes the score.
/// </summary>
public static class ScoreCorrection
{
    private const decimal MaxDeltaCap = 1_000_000m;

    public static Refusal? Fault(Correction wanted) =>
        wanted.IncidentId is null || !Identifiers.IsId(wanted.IncidentId) ? new("invalid-field", "incidentId", Identifiers.Rule)
        : wanted.DeltaCap is not { } value || Math.Abs(value) > MaxDeltaCap || decimal.Round(value, CapFormula.Decimals) != value
            ? new("invalid-field", "deltaCap", $"a number from {-MaxDeltaCap} to {MaxDeltaCap} with at most {CapFormula.Decimals} decimals")
        : !PrintableText.IsValid(wanted.Reason, KeyRules.MaxReasonLength)
            ? new("invalid-field", "reason", PrintableText.Rule(KeyRules.MaxReasonLength))
        : null;

    /// <param name="accepted">The incident's entry.</param>
    /// <param name="adjusted">Sum of the corrections so far.</param>
    /// <param name="wanted">A correction without a <see cref="Fault"/>.</param>
    /// <returns>
    /// The next version of the context, so that one of two concurrent corrections is judged again; none when
    /// the dCap is as wanted already.
    /// </returns>
    public static (CapChange Change, CorrectionRow Row) Of(
        CapContext current, LogEntry accepted, decimal adjusted, Correction wanted, Actor actor, string origin, DateTimeOffset now)
    {
        var adjustment = wanted.DeltaCap!.Value - AcceptedIncident.Read(accepted.Bytes).DeltaCap - adjusted;
        var row = new CorrectionRow(current.CapId, wanted.IncidentId!, adjustment);
        if (adjustment == 0)
        {
            return (new(null, [], null), row);
        }

        var next = current with { Version = current.Version + 1 };
        var entry = Entry.Write(EntryKinds.ScoreCorrected, origin, now, new CanonicalObject()
            .Add("adjustment", DecimalText.Of(adjustment))
            .AddActor(actor)
            .Add("capId", current.CapId)
            .Add("contextVersion", next.Version)
            .Add("deltaCap", DecimalText.Of(wanted.DeltaCap.Value))
            .Add("incidentId", wanted.IncidentId)
            .Add("index", accepted.Index)
            .Add("reason", wanted.Reason));
        return (new(next, [entry], null), row);
    }

    /// <param name="entry">The entry of a correction.</param>
    public static (string CapId, string IncidentId, CorrectionView View) ReadView(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        string Text(string name) => body.GetProperty(name).GetString()!;
        return (Text("capId"), Text("incidentId"), new CorrectionView(
            entry.Index, Entry.ReadInstant(entry), DecimalText.Read(Text("deltaCap")), DecimalText.Read(Text("adjustment")), Text(
                "reason"), Text("by")));
    }

    /// <param name="entry">The entry of an accepted incident or of a correction.</param>
    public static ScoreStep Read(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var (root, body) = (document.RootElement, document.RootElement.GetProperty("body"));
        string Text(string name) => body.GetProperty(name).GetString()!;
        var isCorrection = entry.Kind == EntryKinds.ScoreCorrected;
        return new ScoreStep(
            entry.Index, Entry.ReadInstant(root.GetProperty("at").GetString()!), entry.Kind, Text("incidentId"),
            DecimalText.Read(Text(isCorrection ? "adjustment" : "deltaCap")), isCorrection ? Text("reason") : null);
    }
}
