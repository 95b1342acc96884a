namespace CapOrleans.Contracts.Incidents;

/// <summary>What an accepted incident is answered with.</summary>
/// <param name="Scheme">What the signature proved: <c>identity-v1</c> covers who, about what and when, nothing else.</param>
public sealed record AcceptedAnswer(
    string IncidentId, string CapId, string Severity, string Scheme, decimal DeltaCap, string AuditHash, string Cid,
    DateTimeOffset AcceptedAt, LogPosition Log)
{
    public static AcceptedAnswer Of(Receipt receipt) => new(
        receipt.IncidentId, receipt.CapId, receipt.Severity, receipt.Scheme, receipt.DeltaCap, receipt.AuditHash, receipt.Cid,
        receipt.AcceptedAt, new LogPosition(receipt.Origin, receipt.Index, receipt.LeafHash));
}
