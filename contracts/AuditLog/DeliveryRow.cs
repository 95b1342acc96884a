using CapOrleans.Contracts.Webhooks;
using Orleans;

namespace CapOrleans.Contracts.AuditLog;

public enum DeliveryState
{
    /// <summary>For its first attempt, or its next.</summary>
    Waiting = 0,

    Delivered = 1,

    /// <summary>Not tried any more, unless somebody asks for it.</summary>
    Exhausted = 2,
}

/// <summary>
/// What is known of the delivery of one entry to one webhook; in the log's database, and changed by the log's commits alone.
/// </summary>
/// <param name="Index">Of the entry that is delivered.</param>
/// <param name="DueAt">Of the next attempt; null unless it waits.</param>
/// <param name="ChangedAt">When it was last tried, or came to wait.</param>
/// <param name="Attempts">The newest last; of many, the first and the newest.</param>
/// <param name="Tries">Attempts since it came to wait: those of before somebody asked for it again do not count.</param>
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

/// <param name="Milliseconds">Until the answer, or until it was given up.</param>
/// <param name="Fault"><see cref="DeliveryFault.None"/> when it was delivered.</param>
/// <param name="Code">HTTP status; null when no answer came.</param>
/// <param name="Answer">How the answer's body begins, as text; null for none.</param>
[GenerateSerializer, Immutable, Alias("cap.delivery-attempt.v1")]
public sealed record DeliveryAttempt(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] int Milliseconds,
    [property: Id(2)] DeliveryFault Fault,
    [property: Id(3)] int? Code,
    [property: Id(4)] string? Answer);

/// <summary>Deliveries of one webhook, those that changed last first.</summary>
/// <param name="State">Null for all.</param>
/// <param name="Before">Where the page before ended; null for the first.</param>
[GenerateSerializer, Immutable, Alias("cap.delivery-query.v1")]
public sealed record DeliveryQuery(
    [property: Id(0)] string Webhook,
    [property: Id(1)] DeliveryState? State,
    [property: Id(2)] DeliveryCursor? Before,
    [property: Id(3)] int Limit);

/// <param name="Origins">Names of the logs, by their numbers.</param>
/// <param name="Next">Where the next page begins; null behind the last.</param>
[GenerateSerializer, Immutable, Alias("cap.delivery-page.v1")]
public sealed record DeliveryPage(
    [property: Id(0)] IReadOnlyList<DeliveryRow> Deliveries,
    [property: Id(1)] IReadOnlyList<string> Origins,
    [property: Id(2)] DeliveryCursor? Next);

[GenerateSerializer, Immutable, Alias("cap.delivery-cursor.v1")]
public sealed record DeliveryCursor([property: Id(0)] long ChangedAtMilliseconds, [property: Id(1)] int Log, [property: Id(2)] long Index);
