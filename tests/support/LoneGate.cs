using CapOrleans.Core.Incidents;
using CapOrleans.Core.Sealing;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Support;

/// <summary>A gate by itself in front of a real cluster, without an API key and so without key lists.</summary>
public sealed class LoneGate : IAsyncDisposable
{
    private readonly WebApplication app, closed;
    private readonly HttpClient toCluster = new();

    private LoneGate(Uri api, string directory, int port, long spoolBytes, string? escalateCommand)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        // The first address answers everything with 401: the gate gets no key list, and forwards to the second address.
        var closedPort = Child.FreePort();
        var closedBuilder = WebApplication.CreateSlimBuilder();
        closedBuilder.Logging.ClearProviders();
        closedBuilder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(closedPort));
        closed = closedBuilder.Build();
        closed.MapFallback(() => Results.Unauthorized());
        app = CapGate.Build(
            builder,
            new GateOptions(
                [new Uri($"http://127.0.0.1:{closedPort}"), api], () => null, Token, IsOpen: true, new AdmissionPolicy(false),
                Path.Combine(directory, "spool.db"), new SpoolLimits(spoolBytes, TimeSpan.FromDays(7)), 10_000,
                new EscalationOptions(escalateCommand, null, UnknownKeys: true), new GateIdentity("lone", PrivateKey.Create()),
                    [X25519PrivateKey.Create()]),
            toCluster, toCluster);
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    public HttpClient Http { get; }

    public GateToken Token { get; } = GateToken.Create();

    public static async Task<LoneGate> StartAsync(Uri api, string directory, long spoolBytes = 1_000_000, string? escalateCommand = null)
    {
        var gate = new LoneGate(api, directory, Child.FreePort(), spoolBytes, escalateCommand);
        await gate.closed.StartAsync();
        await gate.app.StartAsync();
        return gate;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.DisposeAsync();
        await closed.DisposeAsync();
        toCluster.Dispose();
    }
}
