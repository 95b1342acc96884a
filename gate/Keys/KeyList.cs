using CapOrleans.Contracts.Caps;

namespace CapOrleans.Gate.Keys;

/// <summary>A CapID's context as the cluster gave it; null when the cluster has no such CapID.</summary>
/// <param name="At">Timestamp of the request, not a time of day: clocks are set.</param>
internal sealed record KeyList(CapContext? Context, long At);

internal enum LookupVerdict
{
    Undecided = 0,

    /// <summary>There is a list that is new enough.</summary>
    Listed = 1,

    /// <summary>The cluster is away, or lets this gate read nothing: nobody is refused for want of authority.</summary>
    Unavailable = 2,

    /// <summary>This look-up failed, or its turn did not come. The same may be sent again.</summary>
    Busy = 3,
}

/// <param name="List">Null unless the verdict is <see cref="LookupVerdict.Listed"/>.</param>
internal sealed record Lookup(LookupVerdict Verdict, KeyList? List = null);
