using CapOrleans.Grains.AuditLog;
using CapOrleans.Grains.Caps;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.GrainDirectory;
using Orleans.Runtime.Hosting;

namespace CapOrleans.Grains;

public static class GrainServices
{
    /// <summary>
    /// What the grains use beside the ports: whoever composes a silo also gives IAuditLogReader, IAuditLogWriter,
    /// IBlockStore, IAnchorContract, ICapMirror, IContractWallets, IWebhookSender, LogMap, AdmissionPolicy, AnchorSchedule, ProofCheckShare, ArchiveLocations, LinkCheckSchedule, ICarStore, ExportSchedule, TimeProvider, and a grain storage.
    /// </summary>
    public static ISiloBuilder AddCapGrains(this ISiloBuilder silo)
    {
        silo.AddGrainDirectory(NoDirectory.Name, (_, _) => new NoDirectory());
        silo.Services.AddSingleton<IGrainDirectoryCache, HereCache>();
        silo.Services.AddPlacementDirector<WhereItArrives, WhereItArrivesDirector>();
        silo.Services.AddPlacementDirector<BesideItsLog, BesideItsLogDirector>();
        silo.Services.AddSingleton<LocalLogs>();
        silo.Services.AddSingleton<ContextLoads>();
        silo.Services.AddSingleton<IncidentViews>();
        return silo;
    }
}
