using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.AuditLog;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// Tells one hook of every incident from <c>high</c> on, in log order, at least once. What became of each delivery is an
/// entry; the hook's URL, which often is a secret, is not in it.
/// </summary>
internal sealed class NotifierGrain(
    IAuditLogReader log, IWebhookSender sender, TimeProvider time, IHostApplicationLifetime host, ILogger<NotifierGrain> logger)
    : FollowerGrain(log, time, host, logger), INotifierGrain
{
    private Uri? url;

    private string HookId
    {
        get
        {
            var key = this.GetPrimaryKeyString();
            return key[..key.IndexOf('/', StringComparison.Ordinal)];
        }
    }

    protected override int LogNumber => int.Parse(this.GetPrimaryKeyString().AsSpan(HookId.Length + 1), CultureInfo.InvariantCulture);

    protected override string Follower => BookmarkOf(HookId);

    /// <summary>People are told at once.</summary>
    protected override TimeSpan Pace => TimeSpan.Zero;

    internal static string BookmarkOf(string hookId) => $"notify/{hookId}";

    protected override async Task PrepareAsync()
    {
        url ??= (await GrainFactory.GetGrain<IHooksGrain>(0).ListAsync().WaitAsync(Stopping)).FirstOrDefault(hook => hook.Id == HookId) is { } found
            ? new Uri(found.Url)
            : throw new InvalidOperationException($"Hook {HookId} is not registered.");
    }

    protected override async Task<Step> FollowAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        foreach (var entry in entries.Where(entry => entry.Kind == EntryKinds.IncidentAccepted))
        {
            var accepted = AcceptedIncident.Read(entry.Bytes);
            if (Severity.Rank(accepted.Severity) >= Severity.Rank(accepted.PagingFloor))
            {
                return await DeliverAsync(accepted, entry.Index);
            }
        }

        return Step.Skip(from + entries.Count);
    }

    private async Task<Step> DeliverAsync(AcceptedIncident accepted, long index)
    {
        var origin = (await Log.HeadAsync(LogNumber, Stopping))!.Origin;
        var body = JsonSerializer.SerializeToUtf8Bytes(accepted.ToAuditRecord(), WebhookJson.Default.AuditRecord);
        var outcome = await sender.SendAsync(
            new Delivery($"{origin}/{index}", url!, body),
            failed => Report($"Attempt {failed.Attempts} to deliver {accepted.CapId}/{accepted.IncidentId} failed. {failed.Fault}"),
            Stopping);
        var kind = outcome.Delivered ? EntryKinds.DeliverySucceeded : EntryKinds.DeliveryExhausted;
        var said = Entry.Write(kind, origin, Time.GetUtcNow(), new CanonicalObject()
            .Add("attempts", outcome.Attempts)
            .Add("capId", accepted.CapId)
            .Add("code", outcome.Code?.ToString(CultureInfo.InvariantCulture))
            .Add("fault", outcome.Fault)
            .Add("hook", HookId)
            .Add("incidentId", accepted.IncidentId)
            .Add("index", index));
        return new Step(index + 1, [said]);
    }
}

/// <summary>The old names of a record, in the old order.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditRecord))]
internal sealed partial class WebhookJson : JsonSerializerContext;
