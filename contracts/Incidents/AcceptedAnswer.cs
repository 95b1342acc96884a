using System.Text.Json.Serialization;

namespace CapOrleans.Contracts.Incidents;

/// <summary>What an accepted incident is answered with.</summary>
/// <param name="Warning">What its sender may not have meant; left out when there is nothing to say.</param>
/// <param name="Scheme">What the signature proved: <c>identity-v1</c> covers who, about what and when, nothing else.</param>
public sealed record AcceptedAnswer(
    string IncidentId, string CapId, string Severity, string Scheme, decimal DeltaCap, string AuditHash, string Cid,
    DateTimeOffset AcceptedAt, LogPosition Log,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Warning = null)
{
    public static AcceptedAnswer Of(Receipt receipt, string? warning) => new(
        receipt.IncidentId, receipt.CapId, receipt.Severity, receipt.Scheme, receipt.DeltaCap, receipt.AuditHash, receipt.Cid,
        receipt.AcceptedAt, new LogPosition(receipt.Origin, receipt.Index, receipt.LeafHash), warning);
}
