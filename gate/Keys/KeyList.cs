using CapOrleans.Contracts.Caps;

namespace CapOrleans.Gate.Keys;

/// <summary>A CapID's context as the cluster returned it; null when the cluster does not have the CapID.</summary>
/// <param name="At">Timestamp of the request; monotonic, since wall clocks get set.</param>
internal sealed record KeyList(CapContext? Context, long At);

internal enum LookupVerdict
{
    Undecided = 0,

    /// <summary>There is a list that is fresh enough.</summary>
    Listed = 1,

    /// <summary>
    /// The cluster cannot be reached, or refuses this gate all reads: no incident is refused for lack of authority.
    /// </summary>
    Unavailable = 2,

    /// <summary>This look-up failed, or its turn did not come. The request may be retried.</summary>
    Busy = 3,
}

/// <param name="List">Null unless the verdict is <see cref="LookupVerdict.Listed"/>.</param>
internal sealed record Lookup(LookupVerdict Verdict, KeyList? List = null);
