using System.Net;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Gate;

/// <summary>Whatever a cluster answers, the gate goes on.</summary>
public sealed class BatchForwarderTests
{
    [Fact]
    public async Task Answers_that_make_no_sense_are_503_and_the_next_incident_goes_out()
    {
        string[] odd = ["", "null", "{}", "{\"status\":\"201\"}", "[1]", "not JSON", "\n\n"];
        var asked = 0;
        var apiPort = Child.FreePort();
        await using var api = WebApplication.CreateSlimBuilder().OnPort(apiPort);
        api.MapPost("/v1/incidents:batch", async context => await context.Response.WriteAsync(
            Interlocked.Increment(ref asked) <= odd.Length ? odd[asked - 1] : "{\"line\":1,\"status\":201}\n"));
        await api.StartAsync();
        var gatePort = Child.FreePort();
        using var http = new HttpClient();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(gatePort));
        await using var gate = CapGate.Build(builder, new GateOptions(new Uri($"http://127.0.0.1:{apiPort}"), null, 31337), http);
        await gate.StartAsync();

        using var host = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{gatePort}") };
        var key = PrivateKey.Create();
        for (var i = 0; i <= odd.Length; i++)
        {
            var incident = TestIncident.Signed(key, "Z", $"O-{i}", TimeProvider.System.GetUtcNow());
            using var answer = await host.PostAsync("/gate_receive", NodeFixture.Json(incident));
            Assert.Equal(i < odd.Length ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK, answer.StatusCode);
        }
    }
}

internal static class Ports
{
    public static WebApplication OnPort(this WebApplicationBuilder builder, int port)
    {
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        return builder.Build();
    }
}
