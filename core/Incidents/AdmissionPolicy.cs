namespace CapOrleans.Core.Incidents;

/// <summary>What a deployment admits.</summary>
/// <param name="AcceptUnsigned">Whether unsigned incidents are logged as unverified, with a dCap of 0. Default
/// false: they are refused.</param>
/// <param name="ChainId">The chain that a <c>full-v2</c> signature must name.</param>
public sealed record AdmissionPolicy(bool AcceptUnsigned, long ChainId = AdmissionPolicy.DevChainId)
{
    public const long DevChainId = 31337;
}
