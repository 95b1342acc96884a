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
    public Task<ContractPosition> AnchoredAsync(string origin) => TellAsync(() => contract.AnchoredAsync(origin, host.ApplicationStopping));

    public Task<AnchorConfirmation?> FindAsync(string origin, long from) => TellAsync(() => contract.FindAsync(origin, from, host.ApplicationStopping));

    public Task<AnchorConfirmation> AnchorAsync(AnchorBatch batch) => TellAsync(() => contract.AnchorAsync(batch, host.ApplicationStopping));

    /// <summary>A fault travels to another silo as its message, without what a node may have put into it.</summary>
    private static async Task<T> TellAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (ChainUnavailableException fault)
        {
            throw new OrleansException(string.Concat(fault.Message.Where(c => !char.IsControl(c))));
        }
    }
}
