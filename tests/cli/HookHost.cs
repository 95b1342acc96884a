using System.Text.Json;

namespace CapOrleans.Tests.Cli;

/// <summary>A host with a CapID and a key of its own, whose hooks report to a real gate.</summary>
public abstract class HookHost(NodeFixture node) : IAsyncLifetime
{
    private static int count;

    protected NodeFixture Node { get; } = node;

    protected string CapId { get; } = $"HOOK-{Interlocked.Increment(ref count)}";

    protected TempDirectory Folder { get; } = new();

    protected string Gate => $"{new Uri(Node.Gate.BaseAddress!, "gate_receive")}";

    public async Task InitializeAsync()
    {
        var key = await Node.RegisterAsync(CapId);
        Directory.CreateDirectory(Folder.File("data"));
        await File.WriteAllTextAsync(Folder.File("data/identity.key"), key.ExportHex());
    }

    public Task DisposeAsync()
    {
        Folder.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Waits until there are at least this many, and returns them in log order.</summary>
    protected async Task<IReadOnlyList<JsonElement>> IncidentsAsync(int atLeast = 1)
    {
        IReadOnlyList<JsonElement> found = [];
        await Eventually.TrueAsync(async () =>
        {
            var page = JsonElement.Parse(await Node.Api.GetStringAsync($"/v1/incidents?cap={CapId}&limit=100"));
            found = [.. page.GetProperty("items").EnumerateArray()];
            return found.Count >= atLeast;
        });
        return found;
    }

    /// <param name="gate">URL of the gate; null for the real one.</param>
    protected CapCommand Cap(string? gate = null) => new(Folder.Path, [.. Settings(gate ?? Gate)]);

    protected IEnumerable<(string Name, string Value)> Settings(string gate) =>
    [
        ("DATA_DIR", Folder.File("data")), ("CAP_SPOOL", Folder.File("spool")), ("CAP_ID", CapId), ("VPN_ENDPOINT", gate),
        ("MONITOR_INVOCATION_ID", "0123456789abcdef0123456789abcdef"), ("MONITOR_SERVICE_RESULT", "exit-code"),
    ];
}
