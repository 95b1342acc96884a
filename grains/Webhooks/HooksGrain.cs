using System.Security.Cryptography;
using System.Text;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Webhooks;

[GenerateSerializer, Alias("cap.hooks-state.v1")]
internal sealed class HooksState
{
    [Id(0)] public List<Hook> Hooks { get; set; } = [];
}

/// <summary>The list of hooks. Each is served by a notifier of its own for each log, so that a dead receiver holds up nobody else.</summary>
internal sealed class HooksGrain([PersistentState("hooks")] IPersistentState<HooksState> stored, LogMap logs) : Grain, IHooksGrain
{
    public async Task<Hook?> RegisterAsync(string url)
    {
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url)).AsSpan(0, 6));
        if (stored.State.Hooks.Find(hook => hook.Id == id) is { } known)
        {
            return known;
        }

        if (stored.State.Hooks.Count >= ClusterLimits.Hooks)
        {
            return null;
        }

        for (var log = 0; log < logs.Count; log++)
        {
            await StartAtTheEndAsync(id, log);
        }

        var added = new Hook(id, url);
        await stored.ReplaceAsync(new HooksState { Hooks = [.. stored.State.Hooks, added] }, DeactivateOnIdle);
        return added;
    }

    public Task<IReadOnlyList<Hook>> ListAsync() => Task.FromResult<IReadOnlyList<Hook>>(stored.State.Hooks);

    public Task NudgeAsync(int log)
    {
        foreach (var hook in stored.State.Hooks)
        {
            _ = GrainFactory.Notifier(hook.Id, log).NudgeAsync();
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// A new hook is told of what comes, not of what was. Crash here: the bookmark stands and the hook is not in the list;
    /// when it is registered again, it is told from this bookmark on.
    /// </summary>
    private async Task StartAtTheEndAsync(string id, int number)
    {
        var log = GrainFactory.GetGrain<IAuditLogGrain>(number);
        var head = await log.HeadAsync();
        var outcome = await log.AppendAsync(new Append { Entries = [], Bookmark = new BookmarkMove(NotifierGrain.BookmarkOf(id), 0, head.Size) });
        if (outcome.Verdict is not (AppendVerdict.Appended or AppendVerdict.StaleBookmark))
        {
            // Without its bookmark the hook would be told of everything that ever was.
            throw new InvalidOperationException($"The log answered {outcome.Verdict}; register the hook again.");
        }
    }
}
