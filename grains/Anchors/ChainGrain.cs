using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.Hosting;

namespace CapOrleans.Grains.Anchors;

/// <summary>
/// Takes turns: whatever log asks, the account sends one transaction after another. Should a second activation exist for a
/// while, the chain refuses one of two equal nonces, and the contract a batch that does not start where it stands.
/// </summary>
internal sealed class ChainGrain(IAnchorContract contract, IHostApplicationLifetime host) : Grain, IChainGrain
{
    public Task<long> AnchoredAsync(string origin) => contract.AnchoredAsync(origin, host.ApplicationStopping);

    public Task<AnchorConfirmation?> FindAsync(string origin, long from) => contract.FindAsync(origin, from, host.ApplicationStopping);

    public Task<AnchorConfirmation> AnchorAsync(AnchorBatch batch) => contract.AnchorAsync(batch, host.ApplicationStopping);
}
