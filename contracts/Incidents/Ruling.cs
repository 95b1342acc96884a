using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>The decision on a report. The default never means success.</summary>
public enum Verdict
{
    Undecided = 0,

    /// <summary>New, and on disk.</summary>
    Accepted = 1,

    /// <summary>The same content was accepted before; the receipt is that of the first acceptance.</summary>
    AlreadyAccepted = 2,

    /// <summary>The sender must change something; see the refusal.</summary>
    Malformed = 3,

    /// <summary>The report is not signed by a key that may report for this CapID.</summary>
    Unauthorised = 4,

    CapUnknown = 5,

    /// <summary>Different content was accepted under this id.</summary>
    Conflicts = 6,

    /// <summary>Nothing was decided; retry the same report.</summary>
    Busy = 7,

    /// <summary>The reporter exceeded the rate limit in its CapID's policy.</summary>
    TooMany = 8,
}

/// <param name="Type">Stable, kebab-case; part of the public contract.</param>
/// <param name="Field">The JSON member at fault, or empty when it is the whole request.</param>
/// <param name="Rule">The rule that was broken, for people.</param>
[GenerateSerializer, Immutable, Alias("cap.refusal.v1")]
public sealed record Refusal(
    [property: Id(0)] string Type,
    [property: Id(1)] string Field,
    [property: Id(2)] string Rule);

/// <summary>A verdict with its receipt when the report was accepted, and a refusal otherwise.</summary>
/// <param name="RetryAfter">Delay after which the same report may be accepted; null when unknown or never.</param>
[GenerateSerializer, Immutable, Alias("cap.ruling.v1")]
public sealed record Ruling(
    [property: Id(0)] Verdict Verdict,
    [property: Id(1)] Receipt? Receipt,
    [property: Id(2)] Refusal? Refusal,
    [property: Id(3)] TimeSpan? RetryAfter = null)
{
    /// <summary>Whether the same report may be accepted when it is sent again.</summary>
    public bool IsRetryable => Verdict is Verdict.Busy or Verdict.TooMany;

    /// <summary>
    /// Refuses a report because an earlier one of its CapID must be sent again: later reports
    /// do not enter the log before it.
    /// </summary>
    public static Ruling AfterAnother { get; } =
        Refuse(Verdict.Busy, "after-another", "", "An earlier incident of the CapID must be retried first; then retry this one.");

    /// <summary>Refuses a report whose signer cannot be determined at the moment.</summary>
    public static Ruling NotChecked { get; } = Refuse(Verdict.Busy, "unavailable", "", "The signature cannot be " +
        "verified at the moment; retry.");

    public static Ruling Accept(Receipt receipt) => new(Verdict.Accepted, receipt, null);

    public static Ruling Repeat(Receipt receipt) => new(Verdict.AlreadyAccepted, receipt, null);

    public static Ruling Refuse(Verdict verdict, string type, string field, string rule) =>
        new(verdict, null, new Refusal(type, field, rule));
}

/// <summary>The receipt for an accepted incident.</summary>
/// <param name="Origin">The log's name; with <paramref name="Index"/> it identifies the entry forever.</param>
/// <param name="LeafHash">RFC 9162 leaf hash of the entry, 64 lower-case hex digits.</param>
/// <param name="AuditHash">SHA-256 of the request in reference canonical JSON.</param>
/// <param name="Cid">CID under which the canonical record is archived; its digest is
/// <paramref name="AuditHash"/>.</param>
/// <param name="DeltaCap">dCap, rounded to four decimals.</param>
/// <param name="Group">Null when the incident is in no group.</param>
[GenerateSerializer, Immutable, Alias("cap.receipt.v1")]
public sealed record Receipt(
    [property: Id(0)] string CapId,
    [property: Id(1)] string IncidentId,
    [property: Id(2)] string Origin,
    [property: Id(3)] long Index,
    [property: Id(4)] string LeafHash,
    [property: Id(5)] DateTimeOffset AcceptedAt,
    [property: Id(6)] string AuditHash,
    [property: Id(7)] string Cid,
    [property: Id(8)] string Severity,
    [property: Id(9)] string Scheme,
    [property: Id(10)] decimal DeltaCap,
    [property: Id(11)] IncidentGroup? Group = null);
