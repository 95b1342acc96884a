using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace CapOrleans.Grains.Placement;

/// <summary>
/// Starts the grains of one log on one silo, so that an append is a call within a process: its writer, its CapIDs, and
/// its consumers except notifiers and the escalator. The silo is chosen by highest random weight (rendezvous hashing)
/// over log and silo: the choice changes only when that silo leaves, or one of higher weight joins.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PlacedBesideItsLogAttribute() : PlacementAttribute(new BesideItsLog());

[GenerateSerializer, Immutable]
internal sealed class BesideItsLog : PlacementStrategy;

internal sealed class BesideItsLogDirector(LogMap logs) : IPlacementDirector
{
    private static readonly GrainType Cap = GrainType.Create(CapGrains.CapType);

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var grain = target.GrainIdentity;
        var log = grain.Type == Cap ? logs.Of(grain.Key.ToString()!) : (int)grain.GetIntegerKey();
        return Task.FromResult(context.GetCompatibleSilos(target).MaxBy(silo => Weight(log, silo))!);
    }

    private static uint Weight(int log, SiloAddress silo)
    {
        var mixed = (uint)silo.GetConsistentHashCode() ^ ((uint)log * 0x9E3779B9);
        mixed = (mixed ^ (mixed >> 16)) * 0x85EBCA6B;
        mixed = (mixed ^ (mixed >> 13)) * 0xC2B2AE35;
        return mixed ^ (mixed >> 16);
    }
}
