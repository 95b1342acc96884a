using System.Globalization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Escalation;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Incidents;

/// <summary>Builds the incident's timeline: updates, corrections, pages, archive, anchor and deliveries.</summary>
internal sealed partial class IncidentGrain
{
    private const string StillWaiting = "delivery.waiting";

    /// <summary>Escalation steps shown, the newest ones.</summary>
    private const int MaxSteps = 200;

    public Task<IncidentTimeline?> TimelineAsync() => AnswerAsync(BuildTimelineAsync);

    private async Task<IncidentTimeline?> BuildTimelineAsync()
    {
        if (await ViewAsync() is not { } incident)
        {
            return null;
        }

        var number = views.LogOf(incident.CapId);
        var steps = await escalations.StepsAsync(incident.CapId, incident.IncidentId, MaxSteps, CancellationToken.None);
        List<TimelineEvent> events =
        [
            new(incident.AcceptedAt, EntryKinds.IncidentAccepted, incident.Log.Index, incident.Signer, null, incident.Description),
            .. incident.Updates.Select(update => new TimelineEvent(
                update.At, $"incident.{Past(update.Action)}", update.Index, update.By, update.ByName, update.Note)),
            .. incident.Corrections.Select(correction => new TimelineEvent(
                correction.At, EntryKinds.ScoreCorrected, correction.Index, correction.By, null,
                $"dCap {DecimalText.Of(correction.DeltaCap)}: {correction.Reason}")),
            .. steps.Select(Escalated),
            .. await CoveredAsync(number, EntryKinds.ArchiveBatched, incident.Log.Index, incident.Archive.Cid),
            .. await CoveredAsync(number, EntryKinds.AnchorBatched, incident.Log.Index, incident.Anchor.Transaction),
            .. await DeliveredAsync(number, [incident.Log.Index, .. incident.Updates.Select(update => update.Index),
                .. steps.Select(step => step.Index)]),
        ];
        return new IncidentTimeline(incident, [.. events.OrderBy(happened => happened.At).ThenBy(happened => happened.Index)]);
    }

    private static TimelineEvent Escalated(LogEntry step) => new(
        Entry.ReadInstant(step), step.Kind, step.Index, null, null,
        step.Kind != EntryKinds.IncidentPaged || Page.Read(step) is not { } page ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"ladder {page.Ladder}, level {page.Level} of {page.Levels}, round {page.Round}: {RecipientsOf(page)}"));

    private static string RecipientsOf(Page page) => page.Webhooks.Count == 0 ? "no one is on call"
        : string.Join(", ", page.Webhooks.Select(webhook => string.Join('/', (string[])
            [.. page.OnCall.Where(one => one.Webhook == webhook).Select(one => one.Name), webhook])));

    private async Task<IEnumerable<TimelineEvent>> CoveredAsync(int number, string kind, long index, string? text) =>
        await log.CoveringAsync(number, kind, index, CancellationToken.None) is { } entry
            ? [new TimelineEvent(Entry.ReadInstant(entry), kind, entry.Index, null, null, text)] : [];

    /// <summary>Returns the deliveries to webhooks that still exist, as long as their rows are kept.</summary>
    private async Task<IEnumerable<TimelineEvent>> DeliveredAsync(int number, IReadOnlyList<long> indexes)
    {
        var webhooks = (await GrainFactory.GetGrain<IWebhooksGrain>(0).ListAsync()).Select(webhook => webhook.Id).ToList();
        var rows = await deliveries.OfEntriesAsync(number, webhooks, indexes, CancellationToken.None);
        return rows.Select(row => new TimelineEvent(
            row.ChangedAt,
            row.State switch
            {
                DeliveryState.Delivered => EntryKinds.DeliverySucceeded,
                DeliveryState.Exhausted => EntryKinds.DeliveryExhausted,
                _ => StillWaiting,
            },
            row.Index, null, null,
            string.Create(CultureInfo.InvariantCulture, $"webhook {row.Webhook}, attempts: {row.Tries}") + LastFault(row)));
    }

    private static string LastFault(DeliveryRow row) => row.State != DeliveryState.Delivered && row.Attempts is [.., var last]
        ? ", last failure: " +
            $"{last.Fault.Text()}{(last.Code is { } code ? string.Create(CultureInfo.InvariantCulture, $" {code}") : "")}" : "";

    private static string Past(string action) => action switch
    {
        "acknowledge" => "acknowledged",
        "resolve" => "resolved",
        "reopen" => "reopened",
        _ => "responded",
    };
}
