using Orleans;

namespace CapOrleans.Contracts.Archive;

/// <summary>What a location says of a CID. Certain are all but the first.</summary>
public enum LinkStatus
{
    /// <summary>Not known now: no answer, or one that says neither.</summary>
    Unknown = 0,

    /// <summary>The location gave bytes with the hash that the CID names.</summary>
    Ok = 1,

    /// <summary>The location says that it does not have it.</summary>
    Missing = 2,

    /// <summary>The location gave other bytes.</summary>
    Wrong = 3,
}

/// <param name="Location"><c>store</c>, <c>node</c>, or a gateway's host, with its port where that is not the usual one.</param>
/// <param name="IsOwn">The deployment's own, as opposed to a gateway.</param>
/// <param name="Code">HTTP status; null when no answer came, and for the embedded store.</param>
/// <param name="Bytes">That were read; null for none.</param>
/// <param name="Reason">Why it is unknown, as a token; null otherwise.</param>
/// <param name="RetryAfter">As the location asks; null when it did not.</param>
[GenerateSerializer, Immutable, Alias("cap.link-answer.v1")]
public sealed record LinkAnswer(
    [property: Id(0)] string Location,
    [property: Id(1)] bool IsOwn,
    [property: Id(2)] LinkStatus Status,
    [property: Id(3)] DateTimeOffset CheckedAt,
    [property: Id(4)] int? Code = null,
    [property: Id(5)] long? Bytes = null,
    [property: Id(6)] string? Reason = null,
    [property: Id(7)] TimeSpan? RetryAfter = null)
{
    public bool IsCertain => Status != LinkStatus.Unknown;
}

/// <summary>What every location answered about one CID.</summary>
[GenerateSerializer, Immutable, Alias("cap.link-report.v1")]
public sealed record LinkReport([property: Id(0)] string Cid, [property: Id(1)] IReadOnlyList<LinkAnswer> Locations);
