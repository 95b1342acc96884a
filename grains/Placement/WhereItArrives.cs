using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Runtime.GrainDirectory;
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

/// <summary>Knows nothing: for grains that no directory needs to know.</summary>
internal sealed class NoDirectory : IGrainDirectory
{
    public const string Name = "none";

    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}

/// <summary>
/// The cache that Orleans asks before a directory of ours: it says "here" to every grain that <see cref="NoDirectory"/> is for,
/// so that such a call goes straight to its activation. A silo that stops says nothing, and the grain is placed elsewhere.
/// </summary>
internal sealed class HereCache(ILocalSiloDetails silo, IHostApplicationLifetime host) : IGrainDirectoryCache
{
    public IEnumerable<(GrainAddress ActivationAddress, int Version)> KeyValues => [];

    public bool LookUp(GrainId key, [NotNullWhen(true)] out GrainAddress? result, out int version)
    {
        version = 0;
        result = host.ApplicationStopping.IsCancellationRequested ? null : new GrainAddress { GrainId = key, SiloAddress = silo.SiloAddress };
        return result is not null;
    }

    public void AddOrUpdate(GrainAddress value, int version)
    {
    }

    public bool Remove(GrainId key) => false;

    public bool Remove(GrainAddress key) => false;

    public void Clear()
    {
    }
}
