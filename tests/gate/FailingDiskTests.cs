using System.Net;
using System.Text.Json;
using CapOrleans.Bench.Chaos;
using CapOrleans.Core.Signatures;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Tests.Gate;

/// <summary>A gate whose disk fails while it runs.</summary>
public sealed class FailingDiskTests : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly PrivateKey key = PrivateKey.Create();

    public void Dispose() => directory.Dispose();

    [FaultyDiskFact]
    public async Task A_gate_whose_disk_turned_read_only_says_so_and_still_escalates()
    {
        await using var disk = await FaultyDisk.MountAsync(directory.File("disk"));
        await using var gate = await StartAsync(disk.Path);
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(gate, "I-0"));
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(gate, "I-1"));
        Assert.Equal(HttpStatusCode.OK, await ReadyAsync(gate));
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(disk.Path, "spool.db")}"))
        {
            await connection.OpenAsync();
            await using var refuse = connection.CreateCommand();
            refuse.CommandText = "UPDATE incident SET refused_at = 1, status = 404, problem = '{}' WHERE incident_id = 'I-0'";
            Assert.Equal(1, await refuse.ExecuteNonQueryAsync());
        }

        disk.TurnReadOnly();
        Assert.Equal(HttpStatusCode.InsufficientStorage, await SendAsync(gate, "I-2"));
        Assert.Equal(HttpStatusCode.InsufficientStorage, await SendAsync(gate, "I-3")); // the writer survived the fault
        await Eventually.TrueAsync(async () => await ReadyAsync(gate) == HttpStatusCode.ServiceUnavailable);
        var status = await StatusAsync(gate);
        Assert.Contains("SQLite Error", status.Text("spoolError"), StringComparison.Ordinal);
        Assert.Equal((1, 2), (status.GetProperty("spool").GetProperty("waiting").GetInt32(), status.GetProperty("spool").GetProperty(
            "refused").GetInt32()));
        await Eventually.TrueAsync(() => Pages().Length == 4);
        Assert.Equal(["I-0", "I-1", "I-2", "I-3"], Pages().Order(StringComparer.Ordinal));
        foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Delete, "/v1/gate/dead/1"), (HttpMethod.Post,
            "/v1/gate/dead/1/retry")])
        {
            using var request = new HttpRequestMessage(method, path) { Headers = { Authorization = new("Bearer", gate.Token.Export()) } };
            using var answer = await gate.Http.SendAsync(request);
            Assert.Equal(
                (HttpStatusCode.ServiceUnavailable, "urn:caporleans:problem:unavailable"),
                (answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("type")));
        }
    }

    [FaultyDiskFact]
    public async Task A_gate_whose_disk_hangs_delays_neither_hosts_nor_pages()
    {
        await using var disk = await FaultyDisk.MountAsync(directory.File("disk"));
        await using var gate = await StartAsync(disk.Path);
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(gate, "I-1"));
        await disk.FreezeAsync();
        try
        {
            Assert.Equal(HttpStatusCode.InsufficientStorage, await SendAsync(gate, "I-2"));
            var began = TimeProvider.System.GetTimestamp();
            for (var i = 3; i < 40; i++)
            {
                Assert.Equal(HttpStatusCode.InsufficientStorage, await SendAsync(gate, $"I-{i}")); // immediately: nothing more waits for the disk
            }

            Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(60));
            await Eventually.TrueAsync(() => Pages().Length == 39);
            Assert.Contains("for 5 seconds", (await StatusAsync(gate)).Text("spoolError"), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await ReadyAsync(gate));
        }
        finally
        {
            await disk.ThawAsync();
        }

        // It was unknown whether I-2 was stored; the write that waited for the disk ends shortly after the thaw.
        await Eventually.TrueAsync(async () => await SendAsync(gate, "I-2") == HttpStatusCode.Accepted);
        await Eventually.TrueAsync(async () => await ReadyAsync(gate) == HttpStatusCode.OK);
        Assert.Equal(39, Pages().Distinct(StringComparer.Ordinal).Count());
    }

    [RootFact]
    public async Task A_gate_whose_disk_was_full_takes_incidents_again_when_there_is_room()
    {
        await using var disk = await SmallDisk.MountAsync(directory.File("small"), 16);
        await using var gate = await StartAsync(disk.Path);
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(gate, "I-1"));
        disk.Fill();
        var id = 2;
        await Eventually.TrueAsync(async () => await SendAsync(gate,
            $"I-{id++}") == HttpStatusCode.InsufficientStorage); // its own files still have some free space
        disk.Free();
        await Eventually.TrueAsync(async () => await SendAsync(gate, "I-LAST") == HttpStatusCode.Accepted);
        await Eventually.TrueAsync(async () => await ReadyAsync(gate) == HttpStatusCode.OK);
        Assert.Equal(JsonValueKind.Null, (await StatusAsync(gate)).GetProperty("spoolError").ValueKind);
    }

    private Task<LoneGate> StartAsync(string disk) => LoneGate.StartAsync(
        new Uri($"http://127.0.0.1:{Child.FreePort()}"), disk, escalateCommand: $"echo $INCIDENT_ID >> {directory.File("pages")}");

    private static async Task<JsonElement> StatusAsync(LoneGate gate) => JsonElement.Parse(await gate.Http.GetStringAsync(
        "/v1/gate/status"));

    private string[] Pages() => File.Exists(directory.File("pages")) ? File.ReadAllLines(directory.File("pages")) : [];

    private async Task<HttpStatusCode> SendAsync(LoneGate gate, string id)
    {
        using var answer = await gate.Http.PostAsync(
            "/v1/incidents", NodeFixture.Json(TestIncident.Signed(key, "Z-001", id, TimeProvider.System.GetUtcNow(), incident =>
                incident["severity"] = "critical")));
        return answer.StatusCode;
    }

    private static async Task<HttpStatusCode> ReadyAsync(LoneGate gate)
    {
        using var answer = await gate.Http.GetAsync("/health/ready");
        return answer.StatusCode;
    }
}
