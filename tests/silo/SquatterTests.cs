using System.Net;
using System.Text.Json;
using CapOrleans.Core.Access;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Silo;

/// <summary>Another user's program listens on the API's port, while the gate of this machine runs alone.</summary>
public sealed class SquatterTests : IDisposable
{
    /// <summary>Accepts everything that it receives, and prints the credentials that it is sent.</summary>
    private const string Squatter = """
        const http = require("http");
        http.createServer((request, answer) => {
          console.log(`${request.method} ${request.url} with ${request.headers.authorization ?? "nothing"}`);
          let lines = "";
          request.on("data", part => lines += part);
          request.on("end", () => answer.end(lines.split("\n").filter(line => line).map((line, i) => {
            const sent = JSON.parse(line);
            return JSON.stringify({ line: i + 1, status: 201, incident: {
              incidentId: sent.task_id, capId: sent.cap_id, severity: "normal", scheme: "identity-v1", deltaCap: 0, auditHash: "a", cid: "c",
              acceptedAt: "2026-01-01T00:00:00Z", log: { origin: "o", index: 0, leafHash: "b" } } }) + "\n";
          }).join("")));
        }).listen(Number(process.argv[1]), "127.0.0.1", () => console.log("listening"));
        """;

    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [RootFact]
    public async Task It_gets_no_key_and_is_not_trusted_unless_an_operator_allows_it()
    {
        var (apiPort, gatePort) = (Child.FreePort(), Child.FreePort());
        using var squatter = Child.Start(
            "setpriv", ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "node", "-e", Squatter, $"{apiPort}"], folder: "/");
        await squatter.LineAsync("listening", TimeSpan.FromSeconds(30));
        Directory.CreateDirectory(directory.File("data"));
        await File.WriteAllTextAsync(directory.File("data/admin-token"), ApiKey.Create().Export());
        using var http = new HttpClient(new HostRetries()) { BaseAddress = new Uri($"http://127.0.0.1:{gatePort}") };
        using (var gate = Start("false", apiPort, gatePort))
        {
            await ReadyAsync(gate, http);
            var incident = TestIncident.Signed(PrivateKey.Create(), "CAP-1", "I-1", TimeProvider.System.GetUtcNow());
            using var received = await http.PostAsync("/gate_receive", NodeFixture.Json(incident));
            Assert.Equal(HttpStatusCode.OK, received.StatusCode);
            await Eventually.TrueAsync(async () => $"{(await StatusAsync(http)).GetProperty("lastError")}".Contains("the user nobody", StringComparison.Ordinal));
            Assert.Equal(1, (await StatusAsync(http)).GetProperty("spool").GetProperty("waiting").GetInt32());
            Assert.DoesNotContain(" with ", squatter.Output, StringComparison.Ordinal);
        }

        using (var trusting = Start("true", apiPort, gatePort))
        {
            await ReadyAsync(trusting, http);
            await squatter.LineAsync("POST /v1/incidents:batch with nothing", TimeSpan.FromSeconds(30));
        }
    }

    private Child Start(string trustsLocalApi, int apiPort, int gatePort) => Child.Start(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "caporleans.dll")], new Dictionary<string, string>
        {
            ["ROLES"] = "gate", ["DATA_DIR"] = directory.File("data"), ["API_PORT"] = $"{apiPort}", ["GATE_PORT"] = $"{gatePort}",
            ["Gate__TrustLocalApi"] = trustsLocalApi,
        });

    private static Task ReadyAsync(Child gate, HttpClient http) => Eventually.TrueAsync(async () =>
    {
        Assert.False(gate.HasExited, gate.Output);
        try
        {
            return (await http.GetAsync("/v1/gate/status")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });

    private static async Task<JsonElement> StatusAsync(HttpClient http) => JsonElement.Parse(await http.GetStringAsync("/v1/gate/status"));
}
