namespace CapOrleans.Core.Incidents;

/// <summary>What a deployment lets in.</summary>
/// <param name="AcceptUnsigned">Log unsigned incidents as unverified, without dCap. Default false: they are refused.</param>
/// <param name="ChainId">The chain that a <c>full-v2</c> signature must name.</param>
public sealed record AdmissionPolicy(bool AcceptUnsigned, long ChainId = AdmissionPolicy.DevChainId)
{
    public const long DevChainId = 31337;
}
