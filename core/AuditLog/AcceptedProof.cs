using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.AuditLog;

/// <summary>
/// Recomputes, from an accepted incident's entry alone, what its acceptance rests on: the request has the entry's
/// fields, its signature is the signer's, and its numbers give the entry's dCap. This finds entries that were put into
/// the log without a valid signature.
/// </summary>
/// <remarks>
/// Two facts are not in the entry: whether the signer was a key of the CapID, which the log's entries about the CapID
/// show, and whether a contract wallet accepted the signature, which the chain shows at the entry's block.
/// </remarks>
public static class AcceptedProof
{
    /// <returns>False for an entry that claims to accept an incident but cannot be read as one.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> entry, [NotNullWhen(true)] out AcceptedIncident? incident)
    {
        try
        {
            incident = AcceptedIncident.Read(entry);
            return true;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            incident = null;
            return false;
        }
    }

    /// <returns>What does not hold, as a sentence without the incident's content; null when everything holds.</returns>
    public static string? Fault(AcceptedIncident incident)
    {
        var (report, refusal) = IncidentReader.Read(Encoding.UTF8.GetBytes(incident.Request));
        return report is null ? $"its request is not valid: {refusal!.Field} {refusal.Rule}"
            : FieldThatDiffers(incident, report) is { } field ? $"its {field} differs from its request"
            : SignatureFault(incident, report) ?? ScoreFault(incident);
    }

    private static string? FieldThatDiffers(AcceptedIncident incident, IncidentReport report) =>
        incident.IncidentId != report.IncidentId ? "incidentId"
        : incident.CapId != report.CapId ? "capId"
        : incident.Agent != report.Agent ? "agent"
        : incident.TimestampText != report.TimestampText ? "timestamp"
        : incident.Description != report.Description ? "description"
        : incident.Feedback != report.Feedback ? "feedback"
        : incident.Misuse != report.Misuse ? "misuse"
        : incident.AuditHash != report.AuditHash ? "auditHash"
        : incident.Severity != Severity.Classify(report.SeverityClaimed, FormulaOf(incident).Weight(incident.CapPotential)) ? "severity"
        : incident.Group is { } group && !IsGroupOf(incident, group, report) ? "group"
        : null;

    private static bool IsGroupOf(AcceptedIncident incident, IncidentGroup group, IncidentReport report) =>
        Grouping.Find(report.DedupKey, report.Agent, incident.Severity, incident.Integration, new CapPolicy(GroupBy: group.Rule))
            == (group.Id, group.Rule, group.Key)
        && group.IsNew == (group.First == incident.IncidentId);

    private static string? SignatureFault(AcceptedIncident incident, IncidentReport report)
    {
        if (incident.Signer is null)
        {
            return incident.Scheme == Admission.Unverified && report.Signature is null or "" ? null : "it names no signer";
        }

        if (incident.Integration is not null)
        {
            return "it has both a signer and an integration";
        }

        if (incident.WalletBlock is not null)
        {
            return incident.Scheme == FullV2.Scheme && WalletClaim.Of(report) is { } claim && $"{claim.Wallet}" == incident.Signer ? null : $"it has no claim for the contract wallet {incident.Signer}";
        }

        var (proof, _) = Admission.Prove(report, new AdmissionPolicy(AcceptUnsigned: false, incident.ChainId ?? AdmissionPolicy.DevChainId));
        return proof?.Signer == incident.Signer && proof.Scheme == incident.Scheme ? null : $"it is not signed by {incident.Signer}";
    }

    private static string? ScoreFault(AcceptedIncident incident)
    {
        var rules = new CapPolicy(SelfFeedback: incident.SelfFeedback, DeltaCapLimit: incident.DeltaCapLimit);
        var expected = incident.Signer is null ? 0m : Scoring.DeltaCap(FormulaOf(incident), rules, incident.CapPotential, incident.Feedback, incident.Misuse);
        return expected == incident.DeltaCap ? null : $"its dCap is {incident.DeltaCap}, but the formula gives {expected}";
    }

    private static CapFormula FormulaOf(AcceptedIncident incident) => new(incident.Phi, incident.Psi, CapFormula.Feedback.PotentialIfNotPositive);
}
