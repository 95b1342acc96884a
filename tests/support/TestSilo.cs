using CapOrleans.Archive;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Chain;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Escalation;
using CapOrleans.Core.Heartbeats;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Core.Webhooks;
using CapOrleans.Grains;
using CapOrleans.Grains.Anchors;
using CapOrleans.Grains.Archive;
using CapOrleans.Notify;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Storage;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Support;

/// <summary>
/// A silo of a test cluster: real stores in a folder, a log writer of its own, and the chain that the test provides.
/// </summary>
public static class TestSilo
{
    /// <summary>
    /// Builds silos in this process, and a client that retries until the first one is up, which takes a moment on a
    /// busy machine.
    /// </summary>
    public static InProcessTestClusterBuilder Builder(short silos = 1)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureClient(client => client.UseConnectionRetryFilter(async (_, cancellationToken) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
            return true;
        }));
        return builder;
    }

    public static void AddCap(this ISiloBuilder silo, TempDirectory directory, Func<IServiceProvider, IAnchorContract> contract, int logs = 1)
    {
        silo.AddMemoryGrainStorageAsDefault();
        silo.Services.AddSingleton<IGrainStorageSerializer, OrleansGrainStorageSerializer>(); // as in production
        silo.Services.AddSingleton(TimeProvider.System);
        silo.Services.AddSingleton(new LogMap(logs));
        silo.Services.AddSingleton(new AdmissionPolicy(AcceptUnsigned: false));
        silo.Services.AddSingleton(new AnchorSchedule(TimeSpan.Zero));
        silo.Services.AddSingleton(new GasBudget(0));
        silo.Services.AddSingleton(new ProofCheckShare(100));
        silo.Services.AddSingleton(_ => SqliteDatabase.Open(directory.File("log.db"), logs));
        silo.Services.AddSingleton<IAuditLogWriter, SqliteLogWriter>();
        silo.Services.AddSingleton<IAuditLogReader, SqliteLogReader>();
        silo.Services.AddSingleton(provider => (IDeliveryReader)provider.GetRequiredService<IAuditLogReader>());
        silo.Services.AddSingleton(provider => (IHeartbeatReader)provider.GetRequiredService<IAuditLogReader>());
        silo.Services.AddSingleton(provider => (IIncidentGroupReader)provider.GetRequiredService<IAuditLogReader>());
        silo.Services.AddSingleton(provider => (IEscalationReader)provider.GetRequiredService<IAuditLogReader>());
        silo.Services.AddSingleton<IBlockStore>(_ => new SqliteBlockStore(directory.File("blocks.db")));
        silo.Services.AddSingleton(provider => new ArchiveLocations([new StoreLocation(provider.GetRequiredService<IBlockStore>(), provider.GetRequiredService<TimeProvider>())]));
        silo.Services.AddSingleton<ICarStore, NoIpfsNode>();
        silo.Services.AddSingleton(new ExportSchedule(IsOn: false, HasChain: false, TimeSpan.FromDays(1), 1 << 20));
        silo.Services.AddSingleton(new LinkCheckSchedule(TimeSpan.FromDays(7), 60));
        silo.Services.AddSingleton(contract);
        silo.Services.AddSingleton<ICapMirror, NoChain>();
        silo.Services.AddSingleton<IContractWallets, NoChain>();
        silo.Services.AddSingleton<IWebhookSender, NoReceiver>();
        silo.Services.AddSingleton<IWebhookSecrets>(new EndpointSecrets(WebhookSecret.Parse(WebhookSecret.Create())));
        silo.AddCapGrains();
    }

    private sealed class NoReceiver : IWebhookSender
    {
        public bool MayReach(Uri url) => true;

        public async Task<DeliveryOutcome?> TryWithCircuitBreakerAsync(Delivery delivery, CancellationToken cancellationToken) =>
            await TryAsync(delivery, cancellationToken);

        public Task<DeliveryOutcome> TryAsync(Delivery delivery, CancellationToken cancellationToken) =>
            Task.FromResult(new DeliveryOutcome(DeliveryFault.NoAnswer, null));
    }
}
