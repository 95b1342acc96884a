namespace CapOrleans.Core.Incidents;

/// <summary>What a deployment lets in.</summary>
/// <param name="AcceptUnsigned">Log unsigned incidents as unverified, without dCap. Default false: they are refused.</param>
/// <param name="ChainId">The chain that a <c>full-v2</c> signature must name.</param>
public sealed record AdmissionPolicy(bool AcceptUnsigned, long ChainId = AdmissionPolicy.DevChainId)
{
    public const long DevChainId = 31337;

    /// <summary>How far a signed time may lie before ours: hosts keep incidents while the network is down.</summary>
    public static readonly TimeSpan MaxBehind = TimeSpan.FromDays(7);

    /// <summary>How far a signed time may lie after ours: clocks differ.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromMinutes(5);
}
