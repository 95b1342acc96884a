using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.Access;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using Polly;
using Polly.Retry;

namespace CapOrleans.Silo;

/// <summary>
/// Ensures at the start that the process's own CapID is registered and that the cluster has an API key. Silos that
/// start together take over logs from each other, so a call that fails meanwhile is retried.
/// </summary>
internal sealed class ClusterSetup(IGrainFactory grains, TimeProvider time)
{
    /// <summary>For half a minute in all.</summary>
    private readonly ResiliencePipeline retries = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = attempt => ValueTask.FromResult(ClusterFaults.IsTransient(attempt.Outcome.Exception)),
            BackoffType = DelayBackoffType.Exponential,
            Delay = TimeSpan.FromMilliseconds(200),
            MaxDelay = TimeSpan.FromSeconds(5),
            MaxRetryAttempts = 10,
        })
        .Build();

    /// <param name="firstKey">Creates or reads the key for a cluster that has none.</param>
    public async Task EnsureAsync(string capId, EthereumAddress reporter, Func<ApiKey> firstKey, CancellationToken cancellationToken)
    {
        await retries.ExecuteAsync(async _ => await EnsureCapAsync(capId, reporter), cancellationToken);
        await retries.ExecuteAsync(async _ => await EnsureApiKeyAsync(firstKey), cancellationToken);
    }

    private async Task EnsureCapAsync(string capId, EthereumAddress reporter)
    {
        var cap = grains.Cap(capId);
        if (await cap.ReadAsync() is null)
        {
            await cap.DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition(reporter.ToString(), null, null, null)]), Actor.Service);
        }
    }

    private async Task EnsureApiKeyAsync(Func<ApiKey> firstKey)
    {
        var operators = grains.GetGrain<IOperatorsGrain>(0);
        if ((await operators.ListAsync(new Dictionary<string, DateTimeOffset>())).Count == 0)
        {
            var key = firstKey();
            await operators.AddAsync(new OperatorKey(key.Id, "first", OperatorScope.Admin, key.Hash, time.GetUtcNow(), null, null), Actor.Service);
        }
    }
}
