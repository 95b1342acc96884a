using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Access;

[GenerateSerializer, Alias("cap.operators-state.v1")]
internal sealed class OperatorsState
{
    [Id(0)] public List<OperatorKey> Keys { get; set; } = [];
}

/// <summary>
/// The list of API keys. It is short, and every API process fetches it every few seconds, so that an unknown key costs
/// no grain call.
/// </summary>
internal sealed partial class OperatorsGrain(
    [PersistentState("operators")] IPersistentState<OperatorsState> stored, TimeProvider time, ILogger<OperatorsGrain> logger)
    : Grain, IOperatorsGrain
{
    /// <summary>Resolution at which a key's last use is stored, since each update is a write.</summary>
    private static readonly TimeSpan UseStep = TimeSpan.FromMinutes(1);

    public async Task<IReadOnlyList<OperatorKey>> ListAsync(IReadOnlyDictionary<string, DateTimeOffset> used)
    {
        var next = stored.State.Keys.ConvertAll(key => used.TryGetValue(key.Id, out var at) && !(key.LastUsedAt > at - UseStep) ? key with { LastUsedAt = at } : key);
        if (!next.SequenceEqual(stored.State.Keys))
        {
            try
            {
                await WriteAsync(next);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // The last use is only informative: a full disk must not lock out an operator who comes to free space.
                LogUseLost(fault.GetType().Name, fault.Message);
            }
        }

        return stored.State.Keys;
    }

    public async Task<bool> AddAsync(OperatorKey key, Actor actor)
    {
        var keys = stored.State.Keys;
        var leaves = keys.Count < ClusterLimits.MaxApiKeys ? null : keys.Where(other => other.RevokedAt is not null).MinBy(other => other.RevokedAt);
        if ((keys.Count >= ClusterLimits.MaxApiKeys && leaves is null) || keys.Exists(other => other.Id == key.Id))
        {
            return false;
        }

        await LogAsync(EntryKinds.ApiKeyCreated, key, actor);
        await WriteAsync([.. stored.State.Keys.Where(other => other != leaves), key]);
        return true;
    }

    public async Task<RevocationVerdict> RevokeAsync(string id, Actor actor)
    {
        var keys = stored.State.Keys;
        if (keys.Find(key => key.Id == id) is not { } found)
        {
            return RevocationVerdict.Unknown;
        }

        if (found.RevokedAt is null)
        {
            if (found.Scope == OperatorScope.Admin && !keys.Exists(key => key != found && key is { Scope: OperatorScope.Admin, RevokedAt: null }))
            {
                return RevocationVerdict.LastAdmin;
            }

            await LogAsync(EntryKinds.ApiKeyRevoked, found, actor);
            await WriteAsync(stored.State.Keys.ConvertAll(key => key == found ? key with { RevokedAt = time.GetUtcNow() } : key));
        }

        return RevocationVerdict.Revoked;
    }

    /// <remarks>
    /// Crash after the append: the log names a change that was not made, and the caller got a fault. A retry makes the
    /// change and logs it again.
    /// </remarks>
    private async Task LogAsync(string kind, OperatorKey key, Actor actor)
    {
        var log = GrainFactory.GetGrain<IAuditLogGrain>(0);
        var outcome = await log.AppendAsync(new Append
        {
            Entries =
            [
                Entry.Write(kind, (await log.HeadAsync()).Origin, time.GetUtcNow(), new CanonicalObject()
                    .AddActor(actor).Add("keyId", key.Id).Add("name", key.Name).Add("scope", $"{key.Scope}".ToLowerInvariant())),
            ],
        });
        if (outcome.Verdict != AppendVerdict.Appended)
        {
            throw new TimeoutException($"The log did not accept the entry ({outcome.Verdict}); nothing was changed. Try again.");
        }
    }

    private Task WriteAsync(List<OperatorKey> keys) => stored.ReplaceAsync(new OperatorsState { Keys = keys }, DeactivateOnIdle);

    [LoggerMessage(260, LogLevel.Warning, "Could not store the last use of API keys: {Fault} {Message}")]
    private partial void LogUseLost(string fault, string message);
}
