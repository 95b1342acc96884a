using System.Net;
using System.Text.Json;

namespace CapOrleans.Tests.Silo;

/// <summary>A node whose data directory is on a disk that turns read-only.</summary>
public sealed class FailingDiskTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [FaultyDiskFact]
    public async Task A_node_whose_disk_turned_read_only_is_live_not_ready_and_says_why_and_what_to_do()
    {
        await using var disk = await FaultyDisk.MountAsync(directory.File("disk"));
        var (apiPort, gatePort) = (Child.FreePort(), Child.FreePort());
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        using (var node = Child.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "caporleans.dll")], new Dictionary<string, string>
        {
            ["DATA_DIR"] = Path.Combine(disk.Path, "data"), ["API_PORT"] = $"{apiPort}", ["GATE_PORT"] = $"{gatePort}",
        }))
        {
            await node.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
            var key = TestIncident.Key(await File.ReadAllTextAsync(Path.Combine(disk.Path, "data", "identity.key")));
            Assert.Equal(HttpStatusCode.Created, await SendAsync("D-1"));
            Assert.Equal(HttpStatusCode.OK, (await ReadyAsync()).Status);

            disk.TurnReadOnly(); // noticed although nothing is sent
            await Eventually.TrueAsync(async () => (await ReadyAsync()).Status == HttpStatusCode.ServiceUnavailable);
            Assert.Matches("^The log cannot accept incidents at the moment: .* Check the disk of " +
                "DATA_DIR", (await ReadyAsync()).Body.Text("rule"));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await SendAsync("D-2"));
            Assert.Equal("live", await http.GetStringAsync("/health/live"));
            using var first = await http.GetAsync("/v1/incidents/SYS-CORE/D-1");
            Assert.Equal(HttpStatusCode.OK, first.StatusCode); // what was accepted can still be read
            node.Kill9();
            await node.ExitAsync();

            async Task<HttpStatusCode> SendAsync(string id)
            {
                using var answer = await http.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(key, "SYS-CORE", id,
                    TimeProvider.System.GetUtcNow())));
                return answer.StatusCode;
            }
        }

        async Task<(HttpStatusCode Status, JsonElement Body)> ReadyAsync()
        {
            using var answer = await http.GetAsync("/health/ready");
            return (answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync()));
        }
    }
}
