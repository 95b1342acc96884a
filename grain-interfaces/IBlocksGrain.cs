namespace CapOrleans.GrainInterfaces;

/// <summary>Reads the embedded block store, for the gateway. Any number of activations, key 0.</summary>
[GrainInterfaceType("cap.blocks"), Alias("cap.blocks")]
public interface IBlocksGrain : IGrainWithIntegerKey
{
    /// <param name="cid">Canonical text of a CIDv1.</param>
    [Alias("find")] Task<byte[]?> FindAsync(string cid);
}
