using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Escalation;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>
/// The ladders, which say who is paged about incidents that no one answers. One grain, key 0. A change by an operator
/// is also a log entry.
/// </summary>
[GrainInterfaceType("cap.ladders"), Alias("cap.ladders")]
public interface ILaddersGrain : IGrainWithIntegerKey
{
    /// <summary>Creates or changes a ladder; open escalations continue under the changed ladder.</summary>
    /// <param name="ladder">Validated by the caller. <c>StartsAt</c>, <c>ChangedAt</c> and <c>ChangedBy</c> are filled
    /// in here.</param>
    [Alias("put")] Task<LadderRuling> PutAsync(Ladder ladder, Actor actor);

    /// <summary>Removes a ladder; it pages no one from then on.</summary>
    /// <returns>False when there is no such ladder.</returns>
    [Alias("remove")] Task<bool> RemoveAsync(string id, Actor actor);

    /// <summary>Sets or changes a silence; pages it now holds back wait for its end, others go out.</summary>
    /// <param name="silence">Validated by the caller; <c>SetAt</c> and <c>SetBy</c> are filled in.</param>
    [Alias("silence")] Task<SilenceRuling> SilenceAsync(Silence silence, Actor actor);

    /// <summary>Ends a silence early, or cancels one that has not started.</summary>
    /// <returns>False when there is none, or it has ended.</returns>
    [Alias("remove-silence")] Task<bool> RemoveSilenceAsync(string id, Actor actor);

    /// <summary>Creates or changes a rotation; its overrides stay.</summary>
    /// <param name="rotation">Validated by the caller. <c>Overrides</c>, <c>ChangedAt</c> and <c>ChangedBy</c> are filled
    /// in here.</param>
    [Alias("put-rotation")] Task<RotationRuling> PutRotationAsync(Rotation rotation, Actor actor);

    /// <summary>Removes a rotation; ladders that name it page none of its people from then on.</summary>
    /// <returns>False when there is no such rotation.</returns>
    [Alias("remove-rotation")] Task<bool> RemoveRotationAsync(string id, Actor actor);

    /// <summary>Sets or changes an override.</summary>
    /// <param name="change">Validated by the caller.</param>
    [Alias("override")] Task<RotationRuling> OverrideAsync(string rotation, RotationOverride change, Actor actor);

    /// <summary>Removes an override, whether it has started or not.</summary>
    /// <returns>False when there is none, or it has ended.</returns>
    [Alias("remove-override")] Task<bool> RemoveOverrideAsync(string rotation, string id, Actor actor);

    /// <returns>All that decides who is paged.</returns>
    [Alias("policy"), AlwaysInterleave] Task<PagingPolicy> PolicyAsync();

    /// <summary>Signals that the log may have grown.</summary>
    [Alias("nudge"), OneWay, AlwaysInterleave] Task NudgeAsync(int log);
}

/// <summary>Pages the people who are to answer one log's incidents. Key: the log's number.</summary>
[GrainInterfaceType("cap.escalator"), Alias("cap.escalator")]
public interface IEscalatorGrain : IGrainWithIntegerKey, IConsumer;
