using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Escalation;

[GenerateSerializer, Alias("cap.ladders-state.v1")]
internal sealed class LaddersState
{
    [Id(0)] public List<Ladder> Ladders { get; set; } = [];

    [Id(1)] public List<Silence> Silences { get; set; } = [];

    [Id(2)] public List<Rotation> Rotations { get; set; } = [];
}

/// <summary>The ladders, silences and rotations; one escalator per log pages by them.</summary>
/// <remarks>
/// Crash between the entry and the state: the log records a change that was not made. The caller gets an error, and
/// tries again.
/// </remarks>
internal sealed partial class LaddersGrain(
    [PersistentState("ladders")] IPersistentState<LaddersState> stored, LogMap logs, TimeProvider time) : Grain, ILaddersGrain
{
    /// <summary>The log that records changes of ladders.</summary>
    private const int Log = 0;

    public Task<PagingPolicy> PolicyAsync() => Task.FromResult(new PagingPolicy(
        stored.State.Ladders, [.. Unended()], stored.State.Rotations));

    public async Task<LadderRuling> PutAsync(Ladder ladder, Actor actor)
    {
        var known = stored.State.Ladders.Find(one => one.Id == ladder.Id);
        if (known is not null && Describe(known).ToBytes().AsSpan().SequenceEqual(Describe(ladder).ToBytes()))
        {
            return new LadderRuling(PutVerdict.Unchanged, known);
        }

        if (known is null && stored.State.Ladders.Count >= ClusterLimits.MaxLadders)
        {
            return new LadderRuling(PutVerdict.Full);
        }

        var next = ladder with { StartsAt = known?.StartsAt ?? await HeadSizesAsync(), ChangedAt = time.GetUtcNow(), ChangedBy = actor };
        await LogAsync(EntryKinds.LadderChanged, Describe(next, actor));
        await StoreAsync(ladders: [.. stored.State.Ladders.Where(one => one.Id != next.Id), next]);
        return new LadderRuling(PutVerdict.Changed, next);
    }

    public async Task<bool> RemoveAsync(string id, Actor actor)
    {
        if (!stored.State.Ladders.Exists(one => one.Id == id))
        {
            return false;
        }

        await LogAsync(EntryKinds.LadderRemoved, new CanonicalObject().AddActor(actor).Add("ladder", id));
        await StoreAsync(ladders: [.. stored.State.Ladders.Where(one => one.Id != id)]);
        return true;
    }

    public Task NudgeAsync(int log)
    {
        if (stored.State.Ladders.Count > 0)
        {
            _ = GrainFactory.GetGrain<IEscalatorGrain>(log).NudgeAsync();
        }

        return Task.CompletedTask;
    }

    private static CanonicalObject Describe(Ladder ladder) => Describe(ladder, new Actor("", null));

    private static CanonicalObject Describe(Ladder ladder, Actor actor)
    {
        var body = new CanonicalObject();
        body = ladder.AcknowledgedForSeconds is { } seconds ? body.Add("acknowledgedForSeconds", seconds)
            : body.Add("acknowledgedForSeconds", (string?)null);
        return body.AddActor(actor)
            .Add("caps", ladder.Caps)
            .AddIfPresent("inaction", ladder.Inaction is not { } rule ? null : new CanonicalObject()
                .Add("incidents", rule.Incidents).Add("webhooks", rule.Webhooks).Add("withinSeconds", rule.WithinSeconds))
            .Add("ladder", ladder.Id)
            .Add("levels", ladder.Levels.Select(level => new CanonicalObject()
                .Add("acknowledgements", level.Acknowledgements).Add("rotations", level.Rotations ?? [])
                .Add("waitSeconds", level.WaitSeconds).Add("webhooks", level.Webhooks)))
            .Add("minSeverity", ladder.MinSeverity)
            .Add("repeat", ladder.Repeat);
    }

    private async Task LogAsync(string kind, CanonicalObject body)
    {
        var writer = GrainFactory.GetGrain<IAuditLogGrain>(Log);
        var head = await writer.HeadAsync();
        var outcome = await writer.AppendAsync(new Append { Entries = [Entry.Write(kind, head.Origin, time.GetUtcNow(), body)] });
        if (outcome.Verdict != AppendVerdict.Appended)
        {
            throw new TimeoutException("The log does not accept the entry at the moment; try again.");
        }
    }

    /// <summary>
    /// Stores what has changed, and nudges the escalators: what open escalations wait for may have changed.
    /// </summary>
    private async Task StoreAsync(List<Ladder>? ladders = null, List<Silence>? silences = null, List<Rotation>? rotations = null)
    {
        var state = stored.State;
        await stored.ReplaceAsync(
            new LaddersState
            {
                Ladders = ladders ?? state.Ladders, Silences = silences ?? state.Silences, Rotations = rotations ?? state.Rotations,
            },
            DeactivateOnIdle);
        for (var number = 0; number < logs.Count; number++)
        {
            _ = GrainFactory.GetGrain<IEscalatorGrain>(number).NudgeAsync();
        }
    }

    /// <summary>Returns the current end of each log: a ladder applies to later entries only.</summary>
    private Task<long[]> HeadSizesAsync() =>
        Task.WhenAll(Enumerable.Range(0, logs.Count)
            .Select(async number => (await GrainFactory.GetGrain<IAuditLogGrain>(number).HeadAsync()).Size));
}
