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
    /// Adds the grains' own services. The composition root must also register what they depend on: IAuditLogReader,
    /// IAuditLogWriter, IDeliveryReader, IEscalationReader, IIncidentGroupReader, IHeartbeatReader, IBlockStore,
    /// ICarStore, ArchiveLocations, IAnchorContract, ICapMirror, IContractWallets, IWebhookSender, IWebhookSecrets,
    /// LogMap, AdmissionPolicy, AnchorSchedule, GasBudget, ProofCheckShare, LinkCheckSchedule, ExportSchedule,
    /// TimeProvider, and a grain storage.
    /// </summary>
    public static ISiloBuilder AddCapGrains(this ISiloBuilder silo)
    {
        silo.AddGrainDirectory(NoDirectory.Name, (_, _) => new NoDirectory());
        silo.Services.AddSingleton<IGrainDirectoryCache, LocalActivationCache>();
        silo.Services.AddPlacementDirector<WhereItArrives, WhereItArrivesDirector>();
        silo.Services.AddPlacementDirector<BesideItsLog, BesideItsLogDirector>();
        silo.Services.AddSingleton<LocalLogs>();
        silo.Services.AddSingleton<ContextLoads>();
        silo.Services.AddSingleton<IncidentViews>();
        return silo;
    }
}
