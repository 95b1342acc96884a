using CapOrleans.Contracts.Access;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Access;

[GenerateSerializer, Alias("cap.operators-state.v1")]
internal sealed class OperatorsState
{
    [Id(0)] public List<OperatorKey> Keys { get; set; } = [];
}

/// <summary>The list of API keys. Few, and asked for by every API every few seconds: so a stranger's key costs no call.</summary>
internal sealed class OperatorsGrain([PersistentState("operators")] IPersistentState<OperatorsState> stored, TimeProvider time) : Grain, IOperatorsGrain
{
    /// <summary>Keys that are kept. A new one takes the place of the one that was revoked first; with none revoked, there is no room.</summary>
    public const int Limit = 256;

    /// <summary>How exactly a last use is kept: every use would be a write.</summary>
    private static readonly TimeSpan UseStep = TimeSpan.FromMinutes(1);

    public async Task<IReadOnlyList<OperatorKey>> ListAsync(IReadOnlyDictionary<string, DateTimeOffset> used)
    {
        var next = stored.State.Keys.ConvertAll(key => used.TryGetValue(key.Id, out var at) && !(key.LastUsedAt > at - UseStep) ? key with { LastUsedAt = at } : key);
        if (!next.SequenceEqual(stored.State.Keys))
        {
            await WriteAsync(next);
        }

        return stored.State.Keys;
    }

    public async Task<bool> AddAsync(OperatorKey key)
    {
        var keys = stored.State.Keys;
        var leaves = keys.Count < Limit ? null : keys.Where(other => other.RevokedAt is not null).MinBy(other => other.RevokedAt);
        if ((keys.Count >= Limit && leaves is null) || keys.Exists(other => other.Id == key.Id))
        {
            return false;
        }

        await WriteAsync([.. keys.Where(other => other != leaves), key]);
        return true;
    }

    public async Task<RevocationVerdict> RevokeAsync(string id)
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

            await WriteAsync(keys.ConvertAll(key => key == found ? key with { RevokedAt = time.GetUtcNow() } : key));
        }

        return RevocationVerdict.Revoked;
    }

    private async Task WriteAsync(List<OperatorKey> keys)
    {
        var before = stored.State;
        stored.State = new OperatorsState { Keys = keys };
        try
        {
            await stored.WriteStateAsync();
        }
        catch
        {
            stored.State = before;
            DeactivateOnIdle();
            throw;
        }
    }
}
