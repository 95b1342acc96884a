using CapOrleans.Bench.Edge;

namespace CapOrleans.Tests.Gate;

/// <summary>The short form of <c>./bench.sh gate</c>.</summary>
public sealed class GateOutageTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task What_a_gate_received_during_an_outage_and_its_own_crash_is_logged_once_and_in_order()
    {
        using var outage = new GateOutage(directory.Path, 1200);
        var result = await outage.RunAsync();
        Assert.Empty(result.Findings);
        Assert.Equal(1200, result.Received);
    }
}
