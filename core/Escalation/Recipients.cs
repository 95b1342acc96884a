using CapOrleans.Contracts.Escalation;

namespace CapOrleans.Core.Escalation;

/// <summary>Whom a level of a ladder pages at one time.</summary>
/// <param name="Webhooks">Those of the level and of the people on call, without duplicates.</param>
public sealed record Recipients(IReadOnlyList<string> Webhooks, IReadOnlyList<OnCallView> OnCall)
{
    public bool IsEmpty => Webhooks.Count == 0;

    /// <param name="rotations">All of them; a level may name some that were removed.</param>
    public static Recipients Of(LadderLevel level, IReadOnlyList<Rotation> rotations, DateTimeOffset at)
    {
        var onCall = (
            from rotation in RotationsOf(level, rotations)
            let shift = new RotationSchedule(rotation).At(at)
            where shift is not null
            select new OnCallView(rotation.Id, shift.Name, shift.Webhook)).ToList();
        return new Recipients([.. level.Webhooks.Concat(onCall.Select(one => one.Webhook)).Distinct(StringComparer.Ordinal)], onCall);
    }

    /// <returns>The times between which the level reaches no one.</returns>
    public static IReadOnlyList<(DateTimeOffset From, DateTimeOffset Until)> Gaps(
        LadderLevel level, IReadOnlyList<Rotation> rotations, DateTimeOffset from, DateTimeOffset until)
    {
        if (level.Webhooks.Count > 0)
        {
            return [];
        }

        var schedules = RotationsOf(level, rotations).Select(rotation => new RotationSchedule(rotation)).ToList();
        List<DateTimeOffset> moments = [from, .. schedules.SelectMany(one => one.Changes(from, until)).Distinct().Order(), until];
        var gaps = new List<(DateTimeOffset From, DateTimeOffset Until)>();
        foreach (var (start, end) in moments.Zip(moments.Skip(1)))
        {
            if (schedules.Exists(one => one.At(start) is not null))
            {
                continue;
            }

            if (gaps is [.., var last] && last.Until == start)
            {
                gaps[^1] = (last.From, end);
            }
            else
            {
                gaps.Add((start, end));
            }
        }

        return gaps;
    }

    private static IEnumerable<Rotation> RotationsOf(LadderLevel level, IReadOnlyList<Rotation> rotations) =>
        from id in level.Rotations ?? []
        join rotation in rotations on id equals rotation.Id
        select rotation;
}
