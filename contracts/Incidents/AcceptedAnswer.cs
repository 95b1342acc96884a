using System.Text.Json.Serialization;

namespace CapOrleans.Contracts.Incidents;

/// <summary>The response to an accepted incident.</summary>
/// <param name="Warning">Likely mistakes of the sender; omitted when there are none.</param>
/// <param name="Scheme">What the signature proved: <c>identity-v1</c> covers the reporter, the incident's id and
/// the time, nothing else.</param>
/// <param name="Group">The incidents that it is grouped with, of which only the first pages people; omitted when there
/// is no group.</param>
public sealed record AcceptedAnswer(
    string IncidentId, string CapId, string Severity, string Scheme, decimal DeltaCap, string AuditHash, string Cid,
    DateTimeOffset AcceptedAt, LogPosition Log,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Warning = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IncidentGroup? Group = null)
{
    public static AcceptedAnswer Of(Receipt receipt, string? warning) => new(
        receipt.IncidentId, receipt.CapId, receipt.Severity, receipt.Scheme, receipt.DeltaCap, receipt.AuditHash, receipt.Cid,
        receipt.AcceptedAt, new LogPosition(receipt.Origin, receipt.Index, receipt.LeafHash), warning,
        receipt.Group);
}
