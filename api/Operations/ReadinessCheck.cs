using CapOrleans.Api.Escalation;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Operations;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Operations;

/// <summary>Determines readiness from the logs and their consumers.</summary>
internal static class ReadinessCheck
{
    /// <summary>How long a node or a disk may be unavailable before it is more than a hiccup. 5 minutes.</summary>
    public static readonly TimeSpan StalledAfter = TimeSpan.FromMinutes(5);

    public static async Task<Readiness> OfAsync(IGrainFactory grains, DateTimeOffset now)
    {
        var logs = await LogsAsync(grains);
        var webhooks = await PagingWarnings.WebhooksAsync(grains);
        var policy = await grains.GetGrain<ILaddersGrain>(0).PolicyAsync();
        var isMirrored = await grains.GetGrain<IMirrorGrain>(0).IsOnAsync();
        var receiving = webhooks.Values.Where(webhook => webhook.DisabledAt is null).ToList();
        var consumers = logs.SelectMany(log => receiving.Select(webhook => (IConsumer)grains.Notifier(webhook.Id, log.Log))
            .Prepend(grains.GetGrain<IAnchorerGrain>(log.Log)).Prepend(grains.GetGrain<IArchivistGrain>(log.Log))
            .Concat(policy.Ladders.Count > 0 ? [grains.GetGrain<IEscalatorGrain>(log.Log)] : [])
            .Concat(isMirrored ? [grains.GetGrain<IMirrorGrain>(log.Log)] : [])
            .Append(grains.GetGrain<ILinkValidatorGrain>(log.Log)).Append(grains.GetGrain<IExporterGrain>(log.Log)));
        var progress = await Task.WhenAll(consumers.Select(consumer => consumer.ProgressAsync()));
        return new Readiness(
            StatusOf(progress, now), logs, [.. progress.Select(ConsumerAdvice.Add)],
            [
                .. policy.Ladders.SelectMany(ladder => PagingWarnings.Of(ladder, policy.Rotations, webhooks, now)
                    .Select(warning => new LadderWarning(ladder.Id, warning))),
            ]);
    }

    /// <summary>
    /// Returns the status alone, at a fraction of the calls: only the anchor and archive consumers affect it.
    /// </summary>
    public static async Task<string> StatusAsync(IGrainFactory grains, DateTimeOffset now)
    {
        var logs = await LogsAsync(grains);
        var consumers = logs.SelectMany(log => (IConsumer[])[grains.GetGrain<IAnchorerGrain>(log.Log), grains.GetGrain<IArchivistGrain>(
            log.Log)]);
        return StatusOf(await Task.WhenAll(consumers.Select(consumer => consumer.ProgressAsync())), now);
    }

    /// <summary>A webhook's unavailable receiver is its owner's concern and does not affect the status.</summary>
    internal static string StatusOf(IEnumerable<Progress> consumers, DateTimeOffset now) => consumers.Any(consumer =>
            consumer.Conflict || (consumer.Consumer is "anchor" or "archive" && consumer.FailingSince is { } since
                && now - since >= StalledAfter))
        ? Readiness.Degraded : Readiness.Ready;

    /// <returns>Every log, checked for whether it accepts incidents.</returns>
    public static async Task<IReadOnlyList<LogReadiness>> LogsAsync(IGrainFactory grains)
    {
        var numbers = Enumerable.Range(0, await grains.GetGrain<ILogReaderGrain>(0).CountAsync());
        return await Task.WhenAll(numbers.Select(async log =>
        {
            var head = await grains.GetGrain<IAuditLogGrain>(log).CheckAsync();
            return new LogReadiness(log, head.Origin, head.Size);
        }));
    }
}

/// <summary>Whether every log accepts incidents; checked at most once a second, because any stranger may ask.</summary>
internal sealed class CachedReadiness(IGrainFactory grains, TimeProvider time)
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private Task<string> asked = Task.FromResult(Readiness.Ready);
    private long? askedAt;

    /// <returns>One of the status values of <see cref="Readiness"/>.</returns>
    public Task<string> CheckAsync()
    {
        lock (gate)
        {
            if (askedAt is not { } at || time.GetElapsedTime(at) > Age)
            {
                (asked, askedAt) = (ReadinessCheck.StatusAsync(grains, time.GetUtcNow()), time.GetTimestamp());
            }

            return asked;
        }
    }
}
