using System.Net;
using System.Net.Sockets;
using CapOrleans.Api;
using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Settings;
using CapOrleans.Client;
using CapOrleans.Core.Access;
using CapOrleans.Core.Incidents;
using CapOrleans.Gate;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;
using CapOrleans.Silo.Clustering;
using CapOrleans.Silo.Files;
using CapOrleans.Silo.Ports;
using CapOrleans.Silo.Settings;
using CapOrleans.Silo.Tls;
using Orleans.Dashboard;

namespace CapOrleans.Silo;

/// <summary>The parts of a process that serve HTTP: the API with the dashboard, and the gate.</summary>
internal static class FrontPart
{
    public static void AddApi(WebApplicationBuilder builder, NodeSettings settings, ClusterTls? tls)
    {
        builder.Services.AddCapApi(new ApiOptions(
            settings.IsLoopback && settings.OpenReadsOnLoopback, settings.IntakePerSecondPerAddress, settings.ChainId, settings.OpenId,
            settings.IsLoopback && settings.OpenRegistrationOnLoopback, settings.SendsTelemetry));
        if (!settings.Roles.HasFlag(NodeRoles.Silo))
        {
            builder.UseOrleansClient(client =>
            {
                client.UseCapCluster(settings.Database!);
                client.UseTls(tls!.Configure);
                client.AddDashboard(options => options.HideTrace = true);
            });
        }
    }

    public static void UseApi(WebApplication app)
    {
        app.UseCapApi();
        app.MapOrleansDashboard("/orleans").RequireAuthorization(OperatorAccess.Reader).AddEndpointFilter(async (call, next) =>
        {
            try
            {
                return await next(call);
            }
            catch (Exception) when (!call.HttpContext.RequestAborted.IsCancellationRequested)
            {
                // The dashboard's pages throw for names that they do not know.
                return Problems.Of(StatusCodes.Status404NotFound, "no-such-resource", "", "The dashboard has nothing under this name.");
            }
        });
    }

    public static WebApplication BuildGate(WebApplicationBuilder builder, NodeSettings settings, DataDirectory data, Certificates certificates)
    {
        var host = settings.Bind.Equals(IPAddress.Any) || settings.Bind.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : settings.Bind;
        var gate = settings.Gate;
        var keyFile = gate.ApiKeyFile ?? (gate.ExposesApiKey ? null : data.AdminTokenFile);
        return CapGate.Build(
            builder,
            new GateOptions(
                gate.Apis is [] ? [new UriBuilder(settings.ApiTls is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps, host.ToString(), settings.ApiPort).Uri] : gate.Apis,
                () => keyFile is null ? null : ReadApiKey(keyFile),
                data.GateToken(),
                IPAddress.IsLoopback(gate.Bind ?? settings.Bind) && settings.OpenReadsOnLoopback,
                new AdmissionPolicy(settings.AcceptUnsigned, settings.ChainId),
                data.SpoolFile,
                new SpoolLimits(gate.SpoolMegabytes * 1024L * 1024L, TimeSpan.FromHours(gate.SpoolHours)),
                settings.IntakePerSecondPerAddress,
                new EscalationOptions(gate.EscalateCommand, gate.EscalateUrl, gate.EscalateUnknownKeys),
                new GateIdentity(gate.Name, data.GateKey()),
                data.SealingKeys()),
            PlainHttp.Client(
                TimeSpan.FromSeconds(30), certificates.IsTrustedApi, certificates.GateClientCertificate,
                gate.TrustsLocalApi ? null : socket => LocalApiFault(socket, keyFile)),
            PlainHttp.Client(LocalEscalation.Timeout));
    }

    /// <summary>
    /// Checks a connection to a local API: while the API is down, any user of this machine could listen on its port,
    /// receive the key, and pretend to accept incidents.
    /// </summary>
    private static string? LocalApiFault(Socket connected, string? keyFile) =>
        LoopbackListener.IsLocal(connected) && LoopbackListener.FindFault(connected, keyFile) is { } fault
            ? $"{fault}. Is the API down? If that program is the API, set Gate__TrustLocalApi=true" : null;

    /// <returns>
    /// Null for none, or when it cannot be read at the moment: it may be replaced while the gate runs.
    /// </returns>
    private static string? ReadApiKey(string file) => ApiKey.TryParse(RegularFile.TryReadText(file)?.Trim(), out var key) ? key.Export() : null;
}
