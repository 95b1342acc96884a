using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Escalation;

/// <summary>
/// Rotations. Each change is an entry with the whole rotation; an override that has ended is dropped at the next change.
/// </summary>
internal sealed partial class LaddersGrain
{
    public async Task<RotationRuling> PutRotationAsync(Rotation rotation, Actor actor)
    {
        var known = Find(rotation.Id);
        var next = rotation with { Overrides = known is null ? [] : Unended(known) };
        return known is not null && IsSame(known with { Overrides = next.Overrides }, next)
                ? new RotationRuling(PutVerdict.Unchanged, known)
            : known is null && stored.State.Rotations.Count >= ClusterLimits.MaxRotations ? new RotationRuling(PutVerdict.Full)
            : new RotationRuling(PutVerdict.Changed, await ChangeAsync(next, actor));
    }

    public async Task<bool> RemoveRotationAsync(string id, Actor actor)
    {
        if (Find(id) is null)
        {
            return false;
        }

        await LogAsync(EntryKinds.RotationRemoved, new CanonicalObject().AddActor(actor).Add("rotation", id));
        await StoreAsync(rotations: [.. stored.State.Rotations.Where(one => one.Id != id)]);
        return true;
    }

    public async Task<RotationRuling> OverrideAsync(string rotation, RotationOverride change, Actor actor)
    {
        if (Find(rotation) is not { } known)
        {
            return new RotationRuling(PutVerdict.Missing);
        }

        var unended = Unended(known);
        if (unended.Contains(change))
        {
            return new RotationRuling(PutVerdict.Unchanged, known);
        }

        var others = unended.Where(one => one.Id != change.Id).ToList();
        return others.Count >= ClusterLimits.MaxOverrides ? new RotationRuling(PutVerdict.Full)
            : new RotationRuling(PutVerdict.Changed, await ChangeAsync(known with { Overrides = [.. others, change] }, actor));
    }

    public async Task<bool> RemoveOverrideAsync(string rotation, string id, Actor actor)
    {
        if (Find(rotation) is not { } known || Unended(known) is not { } unended || unended.All(one => one.Id != id))
        {
            return false;
        }

        await ChangeAsync(known with { Overrides = [.. unended.Where(one => one.Id != id)] }, actor);
        return true;
    }

    private Rotation? Find(string rotation) => stored.State.Rotations.Find(one => one.Id == rotation);

    private List<RotationOverride> Unended(Rotation rotation) => [.. rotation.Overrides.Where(one => one.EndsAt > time.GetUtcNow())];

    private async Task<Rotation> ChangeAsync(Rotation rotation, Actor actor)
    {
        var next = rotation with { ChangedAt = time.GetUtcNow(), ChangedBy = actor };
        await LogAsync(EntryKinds.RotationChanged, Describe(next, actor));
        await StoreAsync(rotations: [.. stored.State.Rotations.Where(one => one.Id != next.Id), next]);
        return next;
    }

    private static bool IsSame(Rotation one, Rotation other) =>
        Describe(one, Actor.Service).ToBytes().AsSpan().SequenceEqual(Describe(other, Actor.Service).ToBytes());

    private static CanonicalObject Describe(Rotation rotation, Actor actor)
    {
        var body = new CanonicalObject().AddActor(actor);
        body = rotation.Hours is { } hours
            ? body.Add("hours", new CanonicalObject().Add("days", hours.Days).Add("from", hours.From).Add("until", hours.Until))
            : body.Add("hours", (string?)null);
        return body
            .Add("members", rotation.Members.Select(member => new CanonicalObject()
                .Add("name", member.Name)
                .Add("webhook", member.Webhook)))
            .Add("overrides", rotation.Overrides.Select(one => new CanonicalObject()
                .Add("endsAt", Entry.Instant(one.EndsAt))
                .Add("name", one.Name)
                .Add("override", one.Id)
                .Add("startsAt", Entry.Instant(one.StartsAt))
                .Add("webhook", one.Webhook)))
            .Add("rotation", rotation.Id)
            .Add("shiftDays", rotation.ShiftDays)
            .Add("startsAt", rotation.StartsAt)
            .Add("timeZone", rotation.TimeZone);
    }
}
