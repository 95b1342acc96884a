namespace CapOrleans.Tests.Silo;

/// <summary>A data directory whose log is missing or is a different one.</summary>
public sealed class KnownOriginsTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task An_empty_log_beside_old_state_is_reported_and_nothing_is_started()
    {
        using (var first = Start())
        {
            await first.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
            first.Signal(15);
            Assert.Equal(0, await first.ExitAsync());
        }

        using (var again = Start())
        {
            await again.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
            again.Signal(15);
            Assert.Equal(0, await again.ExitAsync());
        }

        foreach (var file in Directory.GetFiles(directory.File("data"), "log.db*"))
        {
            File.Delete(file);
        }

        using var refused = Start();
        Assert.Equal(2, await refused.ExitAsync());
        Assert.Contains("log-origins, this directory was used with log 0 caporleans-", refused.Output, StringComparison.Ordinal);
        Assert.Contains("has no such log", refused.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Output, StringComparison.Ordinal);

        // The old log is given up for good.
        File.Delete(directory.File("data/log-origins"));
        using var anew = Start();
        await anew.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
    }

    private Child Start() => Child.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "caporleans.dll")], new Dictionary<string,
        string>
    {
        ["DATA_DIR"] = directory.File("data"), ["API_PORT"] = $"{Child.FreePort()}", ["GATE_PORT"] = $"{Child.FreePort()}",
    });
}
