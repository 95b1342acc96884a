using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace CapOrleans.Grains.Placement;

/// <summary>
/// The grain works on the silo that its caller reached, and no directory knows of it: a second activation on another silo may
/// exist, and must do no harm. For grains that remember nothing and whose work is arbitrated elsewhere.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PlacedWhereItArrivesAttribute() : PlacementAttribute(new WhereItArrives());

[GenerateSerializer, Immutable]
internal sealed class WhereItArrives : PlacementStrategy
{
    public override bool IsUsingGrainDirectory => false;
}

internal sealed class WhereItArrivesDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        return Task.FromResult(
            !context.LocalSiloStatus.IsTerminating() && silos.Contains(context.LocalSilo) ? context.LocalSilo : silos[Random.Shared.Next(silos.Length)]);
    }
}

/// <summary>Knows nothing: a lookup costs no call to another silo.</summary>
internal sealed class NoDirectory : IGrainDirectory
{
    public const string Name = "none";

    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}
