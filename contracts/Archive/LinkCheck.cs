using System.ComponentModel.DataAnnotations;

namespace CapOrleans.Contracts.Archive;

/// <summary>The body of <c>POST /v1/archive/check</c>.</summary>
public sealed record CheckRequest([property: Required] IReadOnlyList<string?>? Cids);

/// <param name="Items">In the order of the request.</param>
public sealed record CheckAnswer(IReadOnlyList<LinkView> Items);

public sealed record LinkView(string Cid, IReadOnlyList<LocationView> Locations);

/// <param name="Location"><c>store</c>, <c>node</c>, or a gateway's host.</param>
/// <param name="Result"><c>ok</c>, <c>missing</c>, <c>wrong</c> or <c>unknown</c>.</param>
/// <param name="Status">HTTP status; null when there was no response, and for the store.</param>
/// <param name="Size">Bytes that were read; null for none.</param>
/// <param name="Reason">Why the result is unknown; null otherwise.</param>
public sealed record LocationView(string Location, string Result, int? Status, long? Size, DateTimeOffset CheckedAt, string? Reason)
{
    public static LocationView Of(LocationAnswer answer) => new(
        answer.Location,
        answer.Status switch { LinkStatus.Ok => "ok", LinkStatus.Missing => "missing", LinkStatus.Wrong => "wrong", _ => "unknown" },
        answer.Code, answer.Bytes, answer.CheckedAt, answer.Reason);
}
