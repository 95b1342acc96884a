using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Escalation;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>
/// Who is paged of incidents that nobody answers. One grain, key 0. A change by an operator is a log entry as well.
/// </summary>
[GrainInterfaceType("cap.ladders"), Alias("cap.ladders")]
public interface ILaddersGrain : IGrainWithIntegerKey
{
    /// <summary>Makes or changes a ladder; open escalations go on by it.</summary>
    /// <param name="ladder">Checked by the caller; where it starts and who changed it is filled in.</param>
    [Alias("put")] Task<LadderRuling> PutAsync(Ladder ladder, Actor actor);

    /// <summary>Nobody is paged by it any more.</summary>
    /// <returns>False when there is no such ladder.</returns>
    [Alias("remove")] Task<bool> RemoveAsync(string id, Actor actor);

    [Alias("list"), AlwaysInterleave] Task<IReadOnlyList<Ladder>> ListAsync();

    /// <summary>There may be something new in the log.</summary>
    [Alias("nudge"), OneWay, AlwaysInterleave] Task NudgeAsync(int log);
}

/// <summary>Pages who is to answer incidents of one log. Key: the log's number.</summary>
[GrainInterfaceType("cap.escalator"), Alias("cap.escalator")]
public interface IEscalatorGrain : IGrainWithIntegerKey, IConsumer;
