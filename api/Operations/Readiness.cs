using System.Text.Json.Serialization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Operations;

/// <param name="Status"><c>ready</c> when every log takes incidents; followers may lag, and say by how much and why.</param>
/// <param name="Logs">With <paramref name="Followers"/> for whoever may read.</param>
internal sealed record Readiness(
    string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<LogReadiness>? Logs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Progress>? Followers)
{
    public const string Ready = "ready";

    public static async Task<Readiness> OfAsync(IGrainFactory grains)
    {
        var logs = await LogsAsync(grains);
        var webhooks = (await grains.GetGrain<IWebhooksGrain>(0).ListAsync()).Where(webhook => webhook.DisabledAt is null).ToList();
        var followers = logs.SelectMany(log => webhooks.Select(webhook => (IFollower)grains.Notifier(webhook.Id, log.Log))
            .Prepend(grains.GetGrain<IAnchorerGrain>(log.Log)).Prepend(grains.GetGrain<IArchivistGrain>(log.Log)));
        return new Readiness(Ready, logs, await Task.WhenAll(followers.Select(follower => follower.ProgressAsync())));
    }

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

/// <param name="Log">The log's number; CapIDs are spread over the logs.</param>
internal sealed record LogReadiness(int Log, string Origin, long Size);

/// <summary>Whether every log takes incidents, asked at most once a second: any stranger may want to know.</summary>
internal sealed class Liveliness(IGrainFactory grains, TimeProvider time)
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private Task asked = Task.CompletedTask;
    private long? askedAt;

    public Task CheckAsync()
    {
        lock (gate)
        {
            if (askedAt is not { } at || time.GetElapsedTime(at) > Age)
            {
                (asked, askedAt) = (Readiness.LogsAsync(grains), time.GetTimestamp());
            }

            return asked;
        }
    }
}
