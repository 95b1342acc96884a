using CapOrleans.Contracts.Webhooks;
using Orleans;

namespace CapOrleans.Contracts.AuditLog;

public enum DeliveryState
{
    /// <summary>Waits for its first or its next attempt.</summary>
    Waiting = 0,

    Delivered = 1,

    /// <summary>Not retried unless an operator requests it.</summary>
    Exhausted = 2,
}

/// <summary>
/// The state of the delivery of one entry to one webhook, stored in the log's database and
/// changed by the log's commits alone.
/// </summary>
/// <param name="Index">Index of the delivered entry.</param>
/// <param name="DueAt">Time of the next attempt; null unless the delivery is waiting.</param>
/// <param name="ChangedAt">Time of the last attempt, or when the delivery began to wait.</param>
/// <param name="Attempts">In order, at most 20: the first attempt and the latest ones.</param>
/// <param name="Tries">Attempts that count towards the limit: made since the delivery last began to wait, so none from
/// before a requested redelivery, and no early 429 (see <c>DeliverySchedule</c>).</param>
[GenerateSerializer, Immutable, Alias("cap.delivery-row.v1")]
public sealed record DeliveryRow(
    [property: Id(0)] string Webhook,
    [property: Id(1)] int Log,
    [property: Id(2)] long Index,
    [property: Id(3)] string CapId,
    [property: Id(4)] string IncidentId,
    [property: Id(5)] int SeverityRank,
    [property: Id(6)] DeliveryState State,
    [property: Id(7)] DateTimeOffset? DueAt,
    [property: Id(8)] DateTimeOffset ChangedAt,
    [property: Id(9)] IReadOnlyList<DeliveryAttempt> Attempts,
    [property: Id(10)] int Tries);

/// <param name="Milliseconds">Time until the response, or until the attempt was abandoned.</param>
/// <param name="Fault"><see cref="DeliveryFault.None"/> when it was delivered.</param>
/// <param name="Code">HTTP status; null when there was no response.</param>
/// <param name="Answer">Start of the response body, as text; null for none.</param>
[GenerateSerializer, Immutable, Alias("cap.delivery-attempt.v1")]
public sealed record DeliveryAttempt(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] int Milliseconds,
    [property: Id(2)] DeliveryFault Fault,
    [property: Id(3)] int? Code,
    [property: Id(4)] string? Answer);

/// <summary>A query for the deliveries of one webhook, the most recently changed first.</summary>
/// <param name="State">Null for all states.</param>
/// <param name="Before">Where the previous page ended; null for the first page.</param>
[GenerateSerializer, Immutable, Alias("cap.delivery-query.v1")]
public sealed record DeliveryQuery(
    [property: Id(0)] string Webhook,
    [property: Id(1)] DeliveryState? State,
    [property: Id(2)] DeliveryCursor? Before,
    [property: Id(3)] int Limit);

/// <param name="Origins">Names of the logs; the index is the log's number.</param>
/// <param name="Next">Where the next page begins; null on the last page.</param>
[GenerateSerializer, Immutable, Alias("cap.delivery-page.v1")]
public sealed record DeliveryPage(
    [property: Id(0)] IReadOnlyList<DeliveryRow> Deliveries,
    [property: Id(1)] IReadOnlyList<string> Origins,
    [property: Id(2)] DeliveryCursor? Next);

[GenerateSerializer, Immutable, Alias("cap.delivery-cursor.v1")]
public sealed record DeliveryCursor([property: Id(0)] long ChangedAtMilliseconds, [property: Id(1)] int Log, [property: Id(2)] long Index);
