using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Caps;

/// <summary>
/// Limits how many signed changes of CapIDs and updates of incidents one address has checked concurrently: anyone can
/// sign something, and the check runs in the grains that also handle the CapID's incidents.
/// </summary>
internal sealed class SignedChangeLimiter() : AddressTurns(MaxConcurrentPerAddress)
{
    public const int MaxConcurrentPerAddress = 4;
}
