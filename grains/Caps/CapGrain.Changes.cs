using System.Buffers.Binary;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Caps;
using CapOrleans.Core.MerkleTree;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Caps;

/// <summary>
/// Changes of the context. Each makes a new version; whatever was judged by an older one is judged again.
/// </summary>
internal sealed partial class CapGrain : IDisposable
{
    private readonly SemaphoreSlim changing = new(1);
    private int waiting;

    public void Dispose()
    {
        changing.Dispose();
        updating.Dispose();
    }

    public Task<CapRuling> DefineAsync(CapDefinition definition, Actor actor) => ChangeAsync((current, now) =>
        new(new Change(CapChange.Of(current, CapId, definition, Authority.OfOperator(actor), origin, now))));

    public Task<CapRuling> ChangeAsync(ChangeRequest request, Actor actor) => ChangeAsync(
        (current, now) =>
        {
            if (current is null)
            {
                return new(Change.Refuse(CapRefusals.CapUnknown));
            }

            var (authority, refusal) = request.Signature is null ? (Authority.OfOperator(actor), null) : Authority.Of(current, request, origin, now);
            return new(authority is null ? Change.Refuse(refusal!) : new Change(CapChange.Of(current, request.Change, authority, origin, now)));
        },
        request.AfterVersion, isSigned: request.Signature is not null);

    public Task<CapRuling> CorrectAsync(Correction correction, Actor actor) => ChangeAsync(async (current, now) =>
    {
        if ((current is null ? CapRefusals.CapUnknown : ScoreCorrection.Fault(correction)) is { } refusal)
        {
            return Change.Refuse(refusal);
        }

        if (await reader.FindIncidentAsync(CapId, correction.IncidentId!, CancellationToken.None) is not { } accepted)
        {
            return Change.Refuse(CapRefusals.IncidentUnknown);
        }

        var adjusted = await reader.AdjustmentAsync(CapId, correction.IncidentId!, CancellationToken.None);
        var (change, row) = ScoreCorrection.Of(current!, accepted, adjusted, correction, actor, origin, now);
        return new Change(change, row);
    });

    /// <param name="judge">Computes the change from the newest context.</param>
    /// <param name="afterVersion">The version that the change is meant to follow; null for any. Checked last: a change
    /// that is already in effect is no conflict.</param>
    /// <param name="isSigned">Whether the change was sent with a signature. Anyone can send such changes, so they are
    /// limited, and do not use up the capacity for operators.</param>
    private async Task<CapRuling> ChangeAsync(
        Func<CapContext?, DateTimeOffset, ValueTask<Change>> judge, long? afterVersion = null, bool isSigned = false)
    {
        if (isSigned && ++waiting > ClusterLimits.MaxQueuedChanges)
        {
            waiting--;
            return new CapRuling(CapVerdict.Busy, null, CapRefusals.Busy);
        }

        // Let current work go first: a flood of changes, which anyone can send, must not run before incidents whose
        // commit has completed.
        await Task.Yield();
        await changing.WaitAsync(); // one at a time: two at once would only invalidate each other
        try
        {
            return await ChangeInTurnAsync(judge, afterVersion, isSigned);
        }
        finally
        {
            changing.Release();
            waiting -= isSigned ? 1 : 0;
        }
    }

    private async Task<CapRuling> ChangeInTurnAsync(
        Func<CapContext?, DateTimeOffset, ValueTask<Change>> judge, long? afterVersion, bool isSigned)
    {
        var isCounted = !isSigned;
        await RefreshAsync();
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var current = context;
            var ((next, entries, refusal), correction) = await judge(current, time.GetUtcNow());
            refusal ??= next is not null && afterVersion is { } version && version != current?.Version
                ? CapRefusals.StaleVersion(current?.Version)
                : null;
            if (refusal is not null || next is null)
            {
                DeactivateIfUnregistered();
                return refusal is null
                    ? new CapRuling(CapVerdict.Unchanged, await ReadAsync(), null)
                    : new CapRuling(CapRefusals.VerdictOf(refusal), null, refusal);
            }

            if (!isCounted && changes.Wait("", ClusterLimits.ChangesPerMinute) is not null)
            {
                return new CapRuling(CapVerdict.TooMany, null, CapRefusals.TooManyChanges(ClusterLimits.ChangesPerMinute));
            }

            isCounted = true;
            next = next with { Revision = BinaryPrimitives.ReadInt64BigEndian(MerkleHash.Leaf(entries[0].Bytes)) };
            var outcome = await AppendAsync(new Append
            {
                Entries = entries,
                Expected = ExpectedVersion.Of(CapId, current),
                Context = next,
                Correction = correction,
            });
            if (outcome.Verdict == AppendVerdict.Appended)
            {
                context = next;
                return new CapRuling(current is null ? CapVerdict.Registered : CapVerdict.Changed, await ReadAsync(), null);
            }

            await LoadAsync(current);
        }

        return new CapRuling(CapVerdict.Busy, null, CapRefusals.Busy);
    }

    private sealed record Change(CapChange Context, CorrectionRow? Correction = null)
    {
        public static Change Refuse(Refusal refusal) => new(new CapChange(null, [], refusal));
    }
}
