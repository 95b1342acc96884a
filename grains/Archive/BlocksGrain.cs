using CapOrleans.Core.Archive;
using CapOrleans.GrainInterfaces;
using Orleans.Concurrency;

namespace CapOrleans.Grains.Archive;

[StatelessWorker]
internal sealed class BlocksGrain(IBlockStore blocks) : Grain, IBlocksGrain
{
    public Task<byte[]?> FindAsync(string cid) =>
        Cid.TryParse(cid, out var parsed) ? blocks.FindAsync(parsed, CancellationToken.None) : Task.FromResult<byte[]?>(null);
}
