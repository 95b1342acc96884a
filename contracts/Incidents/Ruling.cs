using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>What became of a report. The default never means success.</summary>
public enum Verdict
{
    Undecided = 0,

    /// <summary>New, and on disk.</summary>
    Accepted = 1,

    /// <summary>The same content was accepted before; the receipt is the first one.</summary>
    AlreadyAccepted = 2,

    /// <summary>The sender must change something; see the refusal.</summary>
    Malformed = 3,

    /// <summary>The signature proves nobody who may speak for this CapID.</summary>
    Unauthorised = 4,

    CapUnknown = 5,

    /// <summary>Other content was accepted under this id.</summary>
    Conflicts = 6,

    /// <summary>Nothing was decided; the same report may be sent again.</summary>
    Busy = 7,

    /// <summary>The reporter has sent more than its CapID's policy lets it.</summary>
    TooMany = 8,
}

/// <param name="Type">Stable, kebab-case; part of the public contract.</param>
/// <param name="Field">The JSON member at fault, or empty when it is the whole request.</param>
/// <param name="Rule">What must hold, for a person.</param>
[GenerateSerializer, Immutable, Alias("cap.refusal.v1")]
public sealed record Refusal(
    [property: Id(0)] string Type,
    [property: Id(1)] string Field,
    [property: Id(2)] string Rule);

/// <summary>A verdict with what belongs to it: a receipt for an acceptance, a refusal otherwise.</summary>
/// <param name="RetryAfter">When the same may be accepted; null when that is not known, or never.</param>
[GenerateSerializer, Immutable, Alias("cap.ruling.v1")]
public sealed record Ruling(
    [property: Id(0)] Verdict Verdict,
    [property: Id(1)] Receipt? Receipt,
    [property: Id(2)] Refusal? Refusal,
    [property: Id(3)] TimeSpan? RetryAfter = null)
{
    /// <summary>The same may be sent again, and may then be accepted.</summary>
    public bool IsRetryable => Verdict is Verdict.Busy or Verdict.TooMany;

    /// <summary>Of one CapID, what was sent later does not enter the log before what must be sent again.</summary>
    public static Ruling AfterAnother { get; } =
        Refuse(Verdict.Busy, "after-another", "", "An earlier incident of the CapID must be sent again first; then send this one again.");

    /// <summary>Whose it is could not be found out.</summary>
    public static Ruling NotChecked { get; } = Refuse(Verdict.Busy, "unavailable", "", "The signature cannot be checked now; send the same again.");

    public static Ruling Accept(Receipt receipt) => new(Verdict.Accepted, receipt, null);

    public static Ruling Repeat(Receipt receipt) => new(Verdict.AlreadyAccepted, receipt, null);

    public static Ruling Refuse(Verdict verdict, string type, string field, string rule) =>
        new(verdict, null, new Refusal(type, field, rule));
}

/// <summary>What the sender of an accepted incident holds in hand.</summary>
/// <param name="Origin">The log's name; with <paramref name="Index"/> it finds the entry for ever.</param>
/// <param name="LeafHash">RFC 9162 leaf hash of the entry, 64 lower-case hex digits.</param>
/// <param name="AuditHash">SHA-256 of the request in reference canonical JSON.</param>
/// <param name="Cid">Where the canonical record is archived; its digest is <paramref name="AuditHash"/>.</param>
/// <param name="DeltaCap">dCap, rounded to 4 places.</param>
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
    [property: Id(10)] decimal DeltaCap);
