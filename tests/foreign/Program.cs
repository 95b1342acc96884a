using System.Net;
using CapOrleans.Contracts.Access;
using CapOrleans.Core.Access;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Connections.Security;

// A process that does not belong to the cluster: it tries to join it, and to create an admin key for itself.
//   client PORT          connects to a gateway in clear text
// client PORT FILE     connects to a gateway with a certificate of the authority in FILE, or of a new one if it is
// missing
//   client PORT FILE SECONDS   the same with a timeout longer than ten seconds, for a client that should get in
//   silo PORT            joins the silo at the port
// Prints "in" or "out: ..."; exits with 0 either way.
var (kind, port) = (args[0], int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture));
var there = new IPEndPoint(IPAddress.Loopback, port);
var limit = TimeSpan.FromSeconds(args.Length > 3 ? int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture) : 10);
using var timeout = new CancellationTokenSource(limit, TimeProvider.System);
var builder = Host.CreateApplicationBuilder();
builder.Logging.ClearProviders();
if (kind == "silo")
{
    builder.UseOrleans(silo =>
    {
        silo.UseDevelopmentClustering(there).ConfigureEndpoints(IPAddress.Loopback, siloPort: FreePort(), gatewayPort: 0);
        silo.Configure<ClusterOptions>(NameIt);
    });
}
else
{
    builder.UseOrleansClient(client =>
    {
        client.UseStaticClustering(there);
        client.Configure<ClusterOptions>(NameIt);
        client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = limit / 2);
        if (args.Length > 2)
        {
            var authority = File.Exists(args[2]) ? ClusterAuthority.Parse(File.ReadAllText(args[2])) : ClusterAuthority.Create(TimeProvider.System.GetUtcNow());
            client.UseTls(options => ShowCertificateOf(authority, options));
        }
    });
}

using var host = builder.Build();
try
{
    await host.StartAsync(timeout.Token);
    var key = ApiKey.Create();
    var isAdded = await host.Services.GetRequiredService<IGrainFactory>().GetGrain<IOperatorsGrain>(0)
        .AddAsync(new OperatorKey(key.Id, "foreign", OperatorScope.Admin, key.Hash, TimeProvider.System.GetUtcNow(), null, null), new Actor("foreign", null))
        .WaitAsync(timeout.Token);
    Console.WriteLine(isAdded ? "in" : "out: not added");
}
catch (Exception fault)
{
    Console.WriteLine($"out: {fault.GetType().Name}");
}

Environment.Exit(0);

static void NameIt(ClusterOptions options) => (options.ClusterId, options.ServiceId) = ("caporleans", "caporleans");

static void ShowCertificateOf(ClusterAuthority authority, TlsOptions options)
{
    options.LocalCertificate = authority.Issue(TimeProvider.System.GetUtcNow());
    options.AllowAnyRemoteCertificate();
    options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
    options.OnAuthenticateAsClient = (_, connection) => connection.TargetHost = ClusterAuthority.NodeName;
}

static int FreePort()
{
    using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
    listener.Start();
    return ((IPEndPoint)listener.LocalEndpoint).Port;
}
