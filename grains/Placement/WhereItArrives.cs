using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Runtime.GrainDirectory;
using Orleans.Runtime.Placement;

namespace CapOrleans.Grains.Placement;

/// <summary>
/// Activates the grain on the silo that its caller reached, without any directory: a second activation on another silo
/// may exist, and must do no harm. For grains that keep no state and whose work is arbitrated elsewhere.
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

/// <summary>A directory that stores nothing, for grains that need none.</summary>
internal sealed class NoDirectory : IGrainDirectory
{
    public const string Name = "none";

    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}

/// <summary>
/// The cache that Orleans consults before a custom directory: it answers "here" for every grain of
/// <see cref="NoDirectory"/>, so that a call goes straight to the local activation. A stopping silo gives no answer,
/// and the grain is placed elsewhere.
/// </summary>
internal sealed class LocalActivationCache(ILocalSiloDetails silo, IHostApplicationLifetime host) : IGrainDirectoryCache
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
