using System.Net;
using System.Net.Sockets;
using CapOrleans.Api;
using CapOrleans.Api.Access;
using CapOrleans.Archive;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Chain.Contract;
using CapOrleans.Chain.Rpc;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Core.Webhooks;
using CapOrleans.Gate;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains;
using CapOrleans.Grains.Anchors;
using CapOrleans.Notify;
using CapOrleans.Silo.GrainStorage;
using CapOrleans.Silo.Settings;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Storage;

namespace CapOrleans.Silo;

/// <summary>One node, whole: silo, API and dashboard in one application, the gate in another, over one DATA_DIR.</summary>
internal sealed class CapNode : IAsyncDisposable
{
    private readonly DataDirectory data;
    private readonly WebApplication api;
    private readonly WebApplication gate;

    private CapNode(DataDirectory data, WebApplication api, WebApplication gate, bool isFirstStart) =>
        (this.data, this.api, this.gate, IsFirstStart) = (data, api, gate, isFirstStart);

    /// <summary>This start made the DATA_DIR's identity and registered its CapID.</summary>
    public bool IsFirstStart { get; }

    public IServiceProvider Services => api.Services;

    /// <summary>Completes when SIGTERM or Ctrl-C asks the process to stop, or when a host gave up.</summary>
    public async Task WaitForStopAsync()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var first = api.Lifetime.ApplicationStopping.Register(asked.SetResult);
        await asked.Task;
    }

    /// <returns>A node that accepts incidents.</returns>
    public static async Task<CapNode> StartAsync(NodeSettings settings, CancellationToken cancellationToken)
    {
        var data = DataDirectory.Open(settings.DataDirectory);
        var identity = data.Identity(out var isNew);
        var node = new CapNode(data, BuildApi(settings, data), BuildGate(settings), isNew);
        try
        {
            await node.api.StartAsync(cancellationToken);
            await RegisterIdentityAsync(node.api.Services.GetRequiredService<IGrainFactory>(), settings.CapId, identity.Address);
            await node.gate.StartAsync(cancellationToken);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops taking, finishes what was taken, and lets go of the DATA_DIR.</summary>
    public async ValueTask DisposeAsync()
    {
        await gate.StopAsync();
        await api.StopAsync();
        await gate.DisposeAsync();
        await api.DisposeAsync();
        data.Dispose();
    }

    private static WebApplication BuildApi(NodeSettings settings, DataDirectory data)
    {
        var builder = Builder(settings.Bind, settings.ApiPort);
        builder.Services.AddSingleton(TimeProvider.System);
        AddPorts(builder.Services, settings, data);
        builder.Services.AddCapGrains();
        builder.Services.AddCapApi(new ApiOptions(data.AdminToken(), settings.IsLoopback, settings.IntakePerSecondPerAddress));
        builder.Services.AddHostedService<FollowerWaker>();
        var grainState = GrainStateSchema.Ensure(data.GrainStateFile);
        builder.UseOrleans(silo =>
        {
            // One silo by itself: a free port for it, and no gateway, so that nodes run side by side.
            silo.UseLocalhostClustering(FreePort(), gatewayPort: 0);
            silo.AddAdoNetGrainStorageAsDefault(optionsBuilder => optionsBuilder.Configure<IGrainStorageSerializer>((options, serializer) =>
            {
                options.Invariant = GrainStateSchema.Invariant;
                options.ConnectionString = grainState;
                options.GrainStorageSerializer = serializer;
            }));
            silo.Services.AddSingleton<IGrainStorageSerializer, OrleansGrainStorageSerializer>();
            // A request that meets an incident's activation on its way out is passed on to the next one.
            silo.Configure<SiloMessagingOptions>(options => options.MaxForwardCount = 50);
            silo.AddDashboard(options => options.HideTrace = true);
        });
        var app = builder.Build();
        app.UseCapApi();
        app.MapOrleansDashboard("/orleans").RequireAuthorization(OperatorAccess.Reader).AddEndpointFilter(async (call, next) =>
        {
            try
            {
                return await next(call);
            }
            catch (Exception) when (!call.HttpContext.RequestAborted.IsCancellationRequested)
            {
                // The dashboard's pages fault on names that they do not know.
                return Problems.Of(StatusCodes.Status404NotFound, "no-such-resource", "", "The dashboard knows nothing by this name.");
            }
        });
        return app;
    }

    private static void AddPorts(IServiceCollection services, NodeSettings settings, DataDirectory data)
    {
        services.AddSingleton(new AdmissionPolicy(settings.AcceptUnsigned));
        services.AddSingleton(new AnchorPace(settings.AnchorInterval));
        services.AddSingleton(_ => SqliteDatabase.Open(data.LogFile));
        services.AddSingleton<IAuditLogWriter, SqliteLogWriter>();
        services.AddSingleton<IAuditLogReader, SqliteLogReader>();
        services.AddSingleton<IBlockStore>(_ => settings.IpfsApi is null
            ? new SqliteBlockStore(data.BlockFile)
            : new KuboBlockStore(new SqliteBlockStore(data.BlockFile), PlainHttp(TimeSpan.FromSeconds(30)), settings.IpfsApi));
        services.AddSingleton<IWebhookSender>(provider => new WebhookSender(
            PlainHttp(Timeout.InfiniteTimeSpan), data.WebhookSecret(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IAnchorContract>(provider => settings.RpcUrl is null
            ? new NoChain()
            : new AnchorContract(
                new JsonRpcClient(PlainHttp(TimeSpan.FromSeconds(20)), settings.RpcUrl),
                new ChainOptions(settings.RpcUrl, settings.ChainId, settings.ChainWriter ?? data.DevChainWriter(), settings.Contract, settings.IsDevChain),
                provider.GetRequiredService<TimeProvider>()));
    }

    private static WebApplication BuildGate(NodeSettings settings)
    {
        var api = new UriBuilder(Uri.UriSchemeHttp, settings.IsLoopback ? settings.Bind.ToString() : "127.0.0.1", settings.ApiPort).Uri;
        if (!settings.IsLoopback && !settings.Bind.Equals(IPAddress.Any) && !settings.Bind.Equals(IPAddress.IPv6Any))
        {
            api = new UriBuilder(Uri.UriSchemeHttp, settings.Bind.ToString(), settings.ApiPort).Uri;
        }

        return CapGate.Build(
            Builder(settings.Bind, settings.GatePort), new GateOptions(api, settings.EscalateCommand), PlainHttp(TimeSpan.FromSeconds(30)));
    }

    private static WebApplicationBuilder Builder(IPAddress bind, int port)
    {
        // No settings file is watched: the watcher would see every write to the log, too.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(bind, port);
        });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // A start that fails is told by whoever asked for it, in one line.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        // Its first check, when it comes late, counts from the machine's boot.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        return builder;
    }

    private static HttpClient PlainHttp(TimeSpan timeout) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = timeout,
    };

    private static async Task RegisterIdentityAsync(IGrainFactory grains, string capId, EthereumAddress reporter)
    {
        var cap = grains.Cap(capId);
        if (await cap.ReadAsync() is null)
        {
            await cap.DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition(reporter.ToString(), null, null, null)]));
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
