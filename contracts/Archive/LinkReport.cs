using Orleans;

namespace CapOrleans.Contracts.Archive;

/// <summary>Result of looking for a CID at a location. All values but the first are certain.</summary>
public enum LinkStatus
{
    /// <summary>Not known at present: there was no response, or an inconclusive one.</summary>
    Unknown = 0,

    /// <summary>The location returned bytes with the hash that the CID names.</summary>
    Ok = 1,

    /// <summary>The location reports that it does not have the block.</summary>
    Missing = 2,

    /// <summary>The location returned other bytes.</summary>
    Wrong = 3,
}

/// <param name="Location"><c>store</c>, <c>node</c>, or a gateway's host, with its port unless
/// that is the default one.</param>
/// <param name="IsOwn">Whether the location belongs to the deployment, as opposed to a gateway.</param>
/// <param name="Code">HTTP status; null when there was no response, and for the embedded store.</param>
/// <param name="Bytes">Bytes that were read; null for none.</param>
/// <param name="Reason">Why the result is unknown, as a token; null otherwise.</param>
/// <param name="RetryAfter">Delay that the location asked for; null when it asked for none.</param>
[GenerateSerializer, Immutable, Alias("cap.link-answer.v1")]
public sealed record LocationAnswer(
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

/// <summary>The answers of all locations about one CID.</summary>
[GenerateSerializer, Immutable, Alias("cap.link-report.v1")]
public sealed record LinkReport([property: Id(0)] string Cid, [property: Id(1)] IReadOnlyList<LocationAnswer> Locations);
