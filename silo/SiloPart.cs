using System.Net;
using CapOrleans.AuditLog.Postgres;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Escalation;
using CapOrleans.Core.Heartbeats;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Core.Webhooks;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Grains;
using CapOrleans.Grains.Anchors;
using CapOrleans.Grains.Archive;
using CapOrleans.Notify;
using CapOrleans.Silo.Clustering;
using CapOrleans.Silo.Files;
using CapOrleans.Silo.GrainStorage;
using CapOrleans.Silo.Ports;
using CapOrleans.Silo.Settings;
using CapOrleans.Silo.Tls;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Storage;

namespace CapOrleans.Silo;

/// <summary>The part of a process that hosts grains: Orleans, and the implementations of the grains' ports.</summary>
internal static class SiloPart
{
    public static void AddSilo(IHostApplicationBuilder builder, NodeSettings settings, DataDirectory data, ClusterTls? tls)
    {
        AddLog(builder.Services, settings, data);
        AddPorts(builder.Services, settings, data);
        builder.Services.AddHostedService<ConsumerWaker>();
        builder.UseOrleans(silo =>
        {
            silo.AddCapGrains();
            var (invariant, grainState) = settings.Database is null
                ? (GrainStateSchema.Invariant, GrainStateSchema.Ensure(data.GrainStateFile))
                : (ClusterStore.Invariant, settings.Database);
            if (settings.Database is null)
            {
                silo.UseLocalhostClustering(gatewayPort: 0); // the port only names the silo: nothing listens
                NoListener.Use(silo);
            }
            else
            {
                silo.UseCapCluster(settings.Database);
                silo.ConfigureEndpoints(settings.SiloAddress, settings.SiloPort, settings.GatewayPort);
                silo.UseBoundedTls(tls!);
            }

            silo.AddAdoNetGrainStorageAsDefault(optionsBuilder => optionsBuilder.Configure<IGrainStorageSerializer>((options, serializer) =>
            {
                options.Invariant = invariant;
                options.ConnectionString = grainState;
                options.GrainStorageSerializer = serializer;
            }));
            silo.Services.AddSingleton<IGrainStorageSerializer, OrleansGrainStorageSerializer>();
            // A request that reaches an incident's activation while that is deactivating is forwarded to the next one.
            silo.Configure<SiloMessagingOptions>(options =>
            {
                options.MaxForwardCount = 50;
                // A call that was lost with a silo that stopped is never answered, and a grain that waits for it keeps
                // its own silo from stopping: once this took all of the thirty seconds that a stop has.
                options.ResponseTimeout = TimeSpan.FromSeconds(10);
            });
            silo.AddDashboard(options => options.HideTrace = true);
        });
    }

    private static void AddLog(IServiceCollection services, NodeSettings settings, DataDirectory data)
    {
        if (settings.Database is { } connectionString)
        {
            var database = PostgresDatabase.Open(connectionString, settings.Logs);
            ClusterStore.Migrate(database);
            services.AddSingleton(_ => database);
            services.AddSingleton<IAuditLogWriter, PostgresLogWriter>();
            services.AddSingleton<IAuditLogReader, PostgresLogReader>();
        }
        else
        {
            var database = SqliteDatabase.Open(data.LogFile, settings.Logs);
            services.AddSingleton(_ => database);
            services.AddSingleton<IAuditLogWriter, SqliteLogWriter>();
            services.AddSingleton<IAuditLogReader, SqliteLogReader>();
        }

        services.AddSingleton(provider => (IDeliveryReader)provider.GetRequiredService<IAuditLogReader>());
        services.AddSingleton(provider => (IHeartbeatReader)provider.GetRequiredService<IAuditLogReader>());
        services.AddSingleton(provider => (IIncidentGroupReader)provider.GetRequiredService<IAuditLogReader>());
        services.AddSingleton(provider => (IEscalationReader)provider.GetRequiredService<IAuditLogReader>());
    }

    private static void AddPorts(IServiceCollection services, NodeSettings settings, DataDirectory data)
    {
        services.AddSingleton(new LogMap(settings.Logs));
        services.AddSingleton(new AdmissionPolicy(settings.AcceptUnsigned, settings.ChainId));
        services.AddSingleton(new AnchorSchedule(settings.AnchorInterval));
        services.AddSingleton(new ProofCheckShare(settings.ProofCheckPercent));
        ArchivePart.Add(services, settings, data);
        var secret = new Lazy<WebhookSecret>(data.WebhookSecret);
        services.AddSingleton<IWebhookSecrets>(_ => new EndpointSecrets(secret.Value));
        services.AddSingleton<IWebhookSender>(provider => new WebhookSender(
            Receivers(settings), secret.Value, provider.GetRequiredService<TimeProvider>(),
            [.. Channels(settings, provider.GetRequiredService<TimeProvider>())]));
        services.AddSingleton(new GasBudget(settings.ChainGasPerDay));
        services.AddSingleton<IContractWallets>(provider => settings.RpcUrls.Count == 0
            ? new NoChain()
            : new ContractWallets(
                new JsonRpcClient(PlainHttp.Client(ContractWallets.AnswerTimeout, maxAnswerBytes: MaxNodeBytes), settings.RpcUrls, settings.DevChainTokenFile),
                settings.ChainId, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(_ => Chain(settings, data));
        services.AddSingleton<IAnchorContract>(provider => settings.RpcUrls.Count == 0
            ? new NoChain()
            : new AnchorContract(Rpc(settings), provider.GetRequiredService<ChainOptions>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ICapMirror>(provider => settings.RpcUrls.Count == 0 || settings.CapNft is not { } contract
            ? new NoChain()
            : new CapNft(Rpc(settings), provider.GetRequiredService<ChainOptions>(), contract, provider.GetRequiredService<TimeProvider>()));
    }

    private static IEnumerable<IDeliveryChannel> Channels(NodeSettings settings, TimeProvider time)
    {
        yield return new CommandChannel(settings.Commands, time);
        if (settings.Mail is { } mail)
        {
            yield return new MailChannel(mail, time);
        }
    }

    /// <summary>
    /// Of a chain node's answer: a receipt of the largest batch takes a few hundred KiB. Many answers of several nodes
    /// may be buffered at once.
    /// </summary>
    private const int MaxNodeBytes = 4 << 20;

    private static JsonRpcClient Rpc(NodeSettings settings) =>
        new(PlainHttp.Client(TimeSpan.FromSeconds(20), maxAnswerBytes: MaxNodeBytes), settings.RpcUrls, settings.DevChainTokenFile);

    private static ChainOptions Chain(NodeSettings settings, DataDirectory data) =>
        new(settings.ChainId, settings.ChainWriter ?? data.DevChainWriter(), settings.Contract, settings.IsDevChain)
        {
            MaxFeeGwei = settings.ChainMaxFeeGwei,
            Confirmations = settings.ChainConfirmations ?? ChainOptions.DefaultConfirmations(settings.IsDevChain),
        };

    /// <summary>
    /// A service that is entirely on loopback serves this machine's own programs, and may notify them; one that is
    /// reachable from elsewhere must not be made to call this machine.
    /// </summary>
    private static ReceiverNetworks Receivers(NodeSettings settings) => new(
        settings.IsLoopback && (settings.Database is null || IPAddress.IsLoopback(settings.SiloAddress))
            ? [.. settings.AllowedNetworks, .. ReceiverNetworks.Loopback]
            : settings.AllowedNetworks);
}
