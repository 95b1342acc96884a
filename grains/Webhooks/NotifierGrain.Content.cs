using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Escalation;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Grains.Webhooks;

/// <summary>The content of deliveries.</summary>
internal sealed partial class NotifierGrain
{
    /// <returns>Null for a page that no longer needs an answer, which is checked before each attempt.</returns>
    private async Task<Delivery?> DeliveryOfAsync(LogEntry entry, WebhookEndpoint target, DateTimeOffset now)
    {
        var name = await OriginAsync();
        if (await ContentAsync(entry, Notification.Of(entry)!, name, target.Sends.IsLegacy) is not { } content)
        {
            return null;
        }

        var (body, type) = content;
        var message = target.Sends.IsLegacy ? null : EventMessage.Of(body);
        if (target.Sends.Message is not MessageFormat.None and var format)
        {
            (body, type) = message!.As(format);
        }

        return new Delivery(
            string.Create(CultureInfo.InvariantCulture, $"{name}/{entry.Index}"), new Uri(target.Url), body, type,
            SecretRotation.SecretsOf(target, now), message?.Title ?? "");
    }

    /// <inheritdoc cref="DeliveryOfAsync"/>
    private async Task<(byte[] Body, string Type)?> ContentAsync(LogEntry entry, Notification notification, string name, bool isLegacy)
    {
        if (notification.Summary is { } summary)
        {
            var open = await OpenAsync(summary);
            return open.Count == 0 && summary.Held == summary.Incidents.Count ? null
                : isLegacy ? Legacy(await AcceptedAsync(summary.Incidents[0].Index))
                : Event(IncidentEvent.WriteSummary(entry, notification, open, name));
        }

        if (notification.Inaction is not null)
        {
            return !isLegacy ? Event(IncidentEvent.WriteInaction(entry, notification, name))
                : Legacy(AcceptedIncident.Read((await Log.FindIncidentAsync(notification.CapId, notification.IncidentId,
                    Stopping))!.Bytes));
        }

        if (notification.Page is not { } page)
        {
            return isLegacy && notification.Incident is { } incident
                ? Legacy(incident) : Event(IncidentEvent.Write(entry, notification, name));
        }

        var updates = (await Log.UpdatesAsync([(page.CapId, page.IncidentId)], Stopping))
            .Select(update => IncidentUpdates.ReadView(update).View).ToList();
        if (EscalationRules.IsObsolete(page, updates))
        {
            return null;
        }

        var accepted = await AcceptedAsync(page.Index);
        if (isLegacy)
        {
            return Legacy(accepted);
        }

        accepted = accepted with { Group = await groups.CountAsync(page.CapId, accepted.Group, Stopping) };
        return Event(IncidentEvent.WritePage(entry, notification, accepted, page.Index, IncidentUpdates.StateOf(updates), name));

        static (byte[], string) Event(byte[] body) => (body, IncidentEvent.ContentType);
        static (byte[], string) Legacy(AcceptedIncident incident) => (LegacyRecord(incident), LegacyType);
    }

    /// <returns>The listed incidents that are not answered, with their states.</returns>
    private async Task<List<(SilencedIncident Incident, string State)>> OpenAsync(SilenceSummary summary)
    {
        var updates = (await Log.UpdatesAsync([.. summary.Incidents.Select(one => (one.CapId, one.IncidentId))], Stopping))
            .Select(IncidentUpdates.ReadView).ToLookup(update => (update.CapId, update.IncidentId), update => update.View);
        return
        [
            .. from one in summary.Incidents
               let known = updates[(one.CapId, one.IncidentId)].ToList()
               where !EscalationRules.IsObsolete(one.Since, summary.Acknowledgements, known)
               select (one, IncidentUpdates.StateOf(known)),
        ];
    }

    private async Task<AcceptedIncident> AcceptedAsync(long index) =>
        AcceptedIncident.Read((await Log.ReadAsync(LogNumber, index, 1, Stopping)).Entries[0].Bytes);

    private const string LegacyType = "application/json";

    private static byte[] LegacyRecord(AcceptedIncident incident) =>
        JsonSerializer.SerializeToUtf8Bytes(incident.ToAuditRecord(), WebhookJson.Default.AuditRecord);
}

/// <summary>Writes a record with the legacy names, in the legacy order.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditRecord))]
internal sealed partial class WebhookJson : JsonSerializerContext;
