using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Operations;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Operations;

/// <summary>Asks the logs and their consumers.</summary>
internal static class ReadinessCheck
{
    public static async Task<Readiness> OfAsync(IGrainFactory grains)
    {
        var logs = await LogsAsync(grains);
        var webhooks = (await grains.GetGrain<IWebhooksGrain>(0).ListAsync()).Where(webhook => webhook.DisabledAt is null).ToList();
        var isMirrored = await grains.GetGrain<IMirrorGrain>(0).IsOnAsync();
        var consumers = logs.SelectMany(log => webhooks.Select(webhook => (IConsumer)grains.Notifier(webhook.Id, log.Log))
            .Prepend(grains.GetGrain<IAnchorerGrain>(log.Log)).Prepend(grains.GetGrain<IArchivistGrain>(log.Log))
            .Concat(isMirrored ? [grains.GetGrain<IMirrorGrain>(log.Log)] : [])
            .Append(grains.GetGrain<ILinkValidatorGrain>(log.Log)).Append(grains.GetGrain<IExporterGrain>(log.Log)));
        var progress = await Task.WhenAll(consumers.Select(consumer => consumer.ProgressAsync()));
        return new Readiness(StatusOf(progress), logs, progress);
    }

    /// <summary>The status alone, for a fraction of the calls: only what anchors can be in conflict.</summary>
    public static async Task<string> StatusAsync(IGrainFactory grains)
    {
        var logs = await LogsAsync(grains);
        return StatusOf(await Task.WhenAll(logs.Select(log => grains.GetGrain<IAnchorerGrain>(log.Log).ProgressAsync())));
    }

    private static string StatusOf(IEnumerable<Progress> consumers) => consumers.Any(consumer => consumer.Conflict) ? Readiness.Degraded : Readiness.Ready;

    /// <returns>Every log, each asked whether it takes incidents.</returns>
    public static async Task<IReadOnlyList<LogReadiness>> LogsAsync(IGrainFactory grains)
    {
        var numbers = Enumerable.Range(0, await grains.GetGrain<ILogReaderGrain>(0).CountAsync());
        return await Task.WhenAll(numbers.Select(async log =>
        {
            var head = await grains.GetGrain<IAuditLogGrain>(log).HeadAsync();
            return new LogReadiness(log, head.Origin, head.Size);
        }));
    }
}

/// <summary>Whether every log takes incidents, asked at most once a second: any stranger may want to know.</summary>
internal sealed class Liveliness(IGrainFactory grains, TimeProvider time)
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private Task<string> asked = Task.FromResult(Readiness.Ready);
    private long? askedAt;

    /// <returns>The status of <see cref="Readiness"/>.</returns>
    public Task<string> CheckAsync()
    {
        lock (gate)
        {
            if (askedAt is not { } at || time.GetElapsedTime(at) > Age)
            {
                (asked, askedAt) = (ReadinessCheck.StatusAsync(grains), time.GetTimestamp());
            }

            return asked;
        }
    }
}
