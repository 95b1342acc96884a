using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <param name="Id">12 hex digits, from the URL: registering twice gives one hook.</param>
[GenerateSerializer, Immutable, Alias("cap.hook.v1")]
public sealed record Hook([property: Id(0)] string Id, [property: Id(1)] string Url);

/// <summary>Who is told of severe incidents. One grain, key 0.</summary>
[GrainInterfaceType("cap.hooks"), Alias("cap.hooks")]
public interface IHooksGrain : IGrainWithIntegerKey
{
    /// <summary>Incidents accepted from now on are delivered to the URL.</summary>
    /// <returns>Null when there are as many hooks as there may be.</returns>
    [Alias("register")] Task<Hook?> RegisterAsync(string url);

    [Alias("list"), AlwaysInterleave] Task<IReadOnlyList<Hook>> ListAsync();

    /// <summary>There may be something new in the log.</summary>
    [Alias("nudge"), OneWay, AlwaysInterleave] Task NudgeAsync(int log);
}

/// <summary>The embedded block store, for the gateway. Any number of activations, key 0.</summary>
[GrainInterfaceType("cap.blocks"), Alias("cap.blocks")]
public interface IBlocksGrain : IGrainWithIntegerKey
{
    /// <param name="cid">Canonical text of a CIDv1.</param>
    [Alias("find")] Task<byte[]?> FindAsync(string cid);
}
