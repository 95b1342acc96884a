using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Escalation;

/// <summary>Silences. One that has ended is dropped from the state at the next change; the log remembers it.</summary>
internal sealed partial class LaddersGrain
{
    public async Task<SilenceRuling> SilenceAsync(Silence silence, Actor actor)
    {
        var others = Unended().Where(one => one.Id != silence.Id).ToList();
        var known = Unended().FirstOrDefault(one => one.Id == silence.Id);
        if (known is not null && known with { SetAt = default, SetBy = silence.SetBy } == silence with { SetAt = default })
        {
            return new SilenceRuling(PutVerdict.Unchanged, known);
        }

        if (others.Count >= ClusterLimits.Silences)
        {
            return new SilenceRuling(PutVerdict.Full);
        }

        var next = silence with { SetAt = time.GetUtcNow(), SetBy = actor };
        await LogAsync(EntryKinds.SilenceSet, new CanonicalObject()
            .AddActor(actor)
            .Add("caps", next.Caps)
            .Add("endsAt", Entry.Instant(next.EndsAt))
            .Add("maxSeverity", next.MaxSeverity)
            .Add("reason", next.Reason)
            .Add("silence", next.Id)
            .Add("startsAt", Entry.Instant(next.StartsAt)));
        await StoreAsync(silences: [.. others, next]);
        return new SilenceRuling(PutVerdict.Changed, next);
    }

    public async Task<bool> RemoveSilenceAsync(string id, Actor actor)
    {
        var others = Unended().Where(one => one.Id != id).ToList();
        if (others.Count == Unended().Count())
        {
            return false;
        }

        await LogAsync(EntryKinds.SilenceRemoved, new CanonicalObject().AddActor(actor).Add("silence", id));
        await StoreAsync(silences: others);
        return true;
    }

    private IEnumerable<Silence> Unended() => stored.State.Silences.Where(silence => silence.EndsAt > time.GetUtcNow());
}
