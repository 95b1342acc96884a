using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Caps;

/// <summary>
/// Signed changes of CapIDs, of which one address has few judged at once: anybody can sign something, and each is judged where the CapID's
/// incidents are.
/// </summary>
internal sealed class ChangeTurns() : AddressTurns(AtOnceEach)
{
    public const int AtOnceEach = 4;
}
