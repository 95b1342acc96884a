using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using CapOrleans.HttpEdge.Callers;
using CapOrleans.Silo.Files;
using CapOrleans.Silo.Ports;
using CapOrleans.Silo.Settings;
using CapOrleans.Silo.Telemetry;

namespace CapOrleans.Silo;

/// <summary>
/// One process of the service, with the parts that its roles name: silo and API in one host, the gate in another. With all
/// of them and SQLite it is the whole service; with PostgreSQL it is a member of a cluster.
/// </summary>
internal sealed partial class CapNode : IAsyncDisposable
{
    private readonly DataDirectory data;
    private readonly List<IHost> hosts;
    private readonly ILoggerFactory logs;
    private readonly ProcessTelemetry telemetry;

    private CapNode(DataDirectory data, List<IHost> hosts, ILoggerFactory logs, ProcessTelemetry telemetry, bool isFirstStart) =>
        (this.data, this.hosts, this.logs, this.telemetry, IsFirstStart) = (data, hosts, logs, telemetry, isFirstStart);

    /// <summary>Whether this start created the data directory's identity and registered its CapID.</summary>
    public bool IsFirstStart { get; }

    /// <param name="asked">Completes when the process is asked to stop.</param>
    /// <returns>Null when it was asked to; otherwise what stopped by itself.</returns>
    public Task<string?> WaitForStopAsync(Task asked) => ProcessHosts.WaitForStopAsync(hosts, asked);

    /// <returns>A node whose parts have started.</returns>
    public static async Task<CapNode> StartAsync(NodeSettings settings, CancellationToken cancellationToken)
    {
        var service = settings.Roles & (NodeRoles.Silo | NodeRoles.Api);
        var data = DataDirectory.Open(settings.DataDirectory, isShared: settings.Database is not null || service == NodeRoles.None);
        var isFirstStart = false;
        var identity = settings.Roles.HasFlag(NodeRoles.Silo) ? data.Identity(out isFirstStart) : null;
        var hosts = new List<IHost>();
        var logs = LoggerFactory.Create(AddLogging);
        if (data.IsOpenToOthers)
        {
            LogOpenDirectory(logs.CreateLogger<CapNode>(), settings.DataDirectory);
        }

        var certificates = new Certificates(settings, logs);
        var telemetry = ProcessTelemetry.Start(settings);
        var proxies = new TrustedProxies(settings.TrustedProxies);
        if (service != NodeRoles.None)
        {
            hosts.Add(BuildService(settings, data, certificates, proxies, telemetry));
        }

        if (settings.Roles.HasFlag(NodeRoles.Gate))
        {
            var builder = WebPort.Builder(settings.Gate.Bind ?? settings.Bind, settings.GatePort, certificates.Gate, proxies);
            AddLogging(builder.Logging);
            ProcessHosts.DisableSignalHandling(builder.Services);
            builder.Services.AddSingleton(telemetry.Meters);
            hosts.Add(FrontPart.BuildGate(builder, settings, data, certificates));
        }

        var node = new CapNode(data, hosts, logs, telemetry, isFirstStart);
        try
        {
            await StartFirstAsync(hosts[0], settings, data, identity, cancellationToken);
            foreach (var host in hosts.Skip(1))
            {
                await host.StartAsync(cancellationToken);
            }

            return node;
        }
        catch
        {
            try
            {
                await node.DisposeAsync();
            }
            catch (InvalidOperationException)
            {
                // A silo that did not start cannot be stopped; the fault to report is the first one.
            }

            throw;
        }
    }

    /// <param name="identity">The key of a process that hosts grains; null for any other.</param>
    private static async Task StartFirstAsync(
        IHost host, NodeSettings settings, DataDirectory data, PrivateKey? identity, CancellationToken cancellationToken)
    {
        if (identity is null)
        {
            await host.StartAsync(cancellationToken);
            return;
        }

        var (origins, reader) = (new KnownOrigins(data.OriginsFile), host.Services.GetRequiredService<IAuditLogReader>());
        await origins.CheckAsync(reader, cancellationToken);
        await host.StartAsync(cancellationToken);
        var setup = new ClusterSetup(host.Services.GetRequiredService<IGrainFactory>(), TimeProvider.System);
        await setup.EnsureAsync(settings.CapId, identity.Address, data.FirstApiKey, cancellationToken);
        await origins.RecordAsync(reader, settings.Logs, cancellationToken);
    }

    /// <summary>Stops accepting requests, finishes those under way, and releases the data directory.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(hosts))
        {
            await host.StopAsync();
        }

        foreach (var host in hosts.OfType<IAsyncDisposable>())
        {
            await host.DisposeAsync();
        }

        telemetry.Dispose();
        data.Dispose();
        logs.Dispose();
    }

    private static IHost BuildService(NodeSettings settings, DataDirectory data, Certificates certificates, TrustedProxies proxies,
        ProcessTelemetry telemetry)
    {
        if (settings.Database is not null && settings.Roles.HasFlag(NodeRoles.Silo))
        {
            OrleansPorts.ThrowIfTaken(settings);
        }

        var tls = settings.Database is null ? null : certificates.OfCluster(data);
        if (!settings.Roles.HasFlag(NodeRoles.Api))
        {
            var plain = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            AddLogging(plain.Logging);
            ProcessHosts.DisableSignalHandling(plain.Services);
            plain.Services.AddSingleton(TimeProvider.System);
            SiloPart.AddSilo(plain, settings, data, tls);
            OwnGate.Add(plain.Services, settings, data);
            return plain.Build();
        }

        var builder = WebPort.Builder(settings.Bind, settings.ApiPort, certificates.Api, proxies);
        AddLogging(builder.Logging);
        ProcessHosts.DisableSignalHandling(builder.Services);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(telemetry.Meters);
        if (settings.Roles.HasFlag(NodeRoles.Silo))
        {
            SiloPart.AddSilo(builder, settings, data, tls);
        }

        FrontPart.AddApi(builder, settings, tls);
        OwnGate.Add(builder.Services, settings, data);
        var app = builder.Build();
        FrontPart.UseApi(app);
        return app;
    }

    private static void AddLogging(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
        });
        logging.SetMinimumLevel(LogLevel.Warning);
        // The caller reports a failed start, in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        // Kestrel writes a stack trace for whatever a client breaks off; Faults logs our own faults, once a second.
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Critical);
        // CallbackData writes one line for each call without an answer; the API logs their number once a second.
        // Messaging writes out a message that is too late, or has no address while a silo stops, with its whole
        // content: half a gigabyte was seen while a database was down. Its sender gets an error.
        logging.AddFilter("Orleans.Runtime.CallbackData", LogLevel.Error);
        logging.AddFilter("Orleans.Messaging", LogLevel.None);
        // A kilobyte for every handshake that a stranger breaks off; ClusterTls logs refused peers once a second.
        logging.AddFilter("Orleans.Connections.Security", LogLevel.None);
        logging.AddFilter("Orleans.Messaging.GatewayManager", LogLevel.Warning);
        // Orleans' own retries; the caller reports their outcome.
        logging.AddFilter("Polly", LogLevel.None);
        // If its first check is late, it measures the delay from the machine's boot.
        logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
    }

    [LoggerMessage(640, LogLevel.Warning, "DATA_DIR {Directory} contains secrets, but other users can list it or " +
        "replace its files: run chmod 700 {Directory}")]
    private static partial void LogOpenDirectory(ILogger logger, string directory);
}
