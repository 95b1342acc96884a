using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.Escalation;
using CapOrleans.GrainInterfaces;
using WebhookList = System.Collections.Generic.IReadOnlyDictionary<string, CapOrleans.Contracts.Webhooks.WebhookEndpoint>;

namespace CapOrleans.Api.Escalation;

/// <summary>Why a page may reach no one, in sentences.</summary>
internal static class PagingWarnings
{
    private const int DaysAhead = 30;

    public static async Task<WebhookList> WebhooksAsync(IGrainFactory grains) =>
        (await grains.GetGrain<IWebhooksGrain>(0).ListAsync()).ToDictionary(webhook => webhook.Id, StringComparer.Ordinal);

    /// <param name="rotations">All of them.</param>
    public static IReadOnlyList<string> Of(Ladder ladder, IReadOnlyList<Rotation> rotations, WebhookList webhooks, DateTimeOffset now) =>
    [
        .. ladder.Levels.SelectMany((level, at) => Of(level, rotations, webhooks, now).Select(warning => $"Level {at + 1}: {warning}")),
        .. (ladder.Inaction?.Webhooks ?? []).Select(id => Of(id, webhooks)).OfType<string>().Select(warning => $"Inaction: {warning}"),
    ];

    public static IReadOnlyList<string> Of(Rotation rotation, WebhookList webhooks, DateTimeOffset now) =>
    [
        .. rotation.Members.Select(member => (member.Name, member.Webhook))
            .Concat(rotation.Overrides.Where(one => one.EndsAt > now).Select(one => (one.Name, one.Webhook))).Distinct()
            .Select(one => Of(one.Webhook, webhooks) is { } warning ? $"{one.Name} cannot be paged: {warning}" : null).OfType<string>(),
    ];

    private static IEnumerable<string> Of(LadderLevel level, IReadOnlyList<Rotation> rotations, WebhookList webhooks, DateTimeOffset now)
    {
        foreach (var warning in level.Webhooks.Select(id => Of(id, webhooks)).OfType<string>())
        {
            yield return warning;
        }

        foreach (var id in level.Rotations ?? [])
        {
            if (rotations.FirstOrDefault(rotation => rotation.Id == id) is not { } rotation)
            {
                yield return $"rotation {id} was removed.";
                continue;
            }

            foreach (var warning in Of(rotation, webhooks, now))
            {
                yield return $"rotation {id}: {warning}";
            }
        }

        var gaps = Recipients.Gaps(level, rotations, now, now.AddDays(DaysAhead));
        if (gaps.Count > 0)
        {
            yield return $"no one is on call from {gaps[0].From:yyyy-MM-ddTHH:mm:ssZ} to {gaps[0].Until:yyyy-MM-ddTHH:mm:ssZ}"
                + (gaps.Count == 1 ? "." : $", and {gaps.Count - 1} more times in the next {DaysAhead} days.");
        }
    }

    private static string? Of(string id, WebhookList webhooks) =>
        !webhooks.TryGetValue(id, out var webhook) ? $"webhook {id} was removed."
        : webhook.DisabledAt is not null ? $"webhook {id} is disabled ({webhook.DisabledReason})."
        : webhook.FailingSince is { } since ? $"webhook {id} has failed since {since:yyyy-MM-ddTHH:mm:ssZ}."
        : null;
}
