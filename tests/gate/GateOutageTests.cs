using CapOrleans.Bench.Edge;

namespace CapOrleans.Tests.Gate;

/// <summary>The short form of <c>./bench.sh gate</c>.</summary>
public sealed class GateOutageTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task What_a_gate_received_while_the_cluster_was_dead_and_it_was_killed_itself_is_logged_once_and_in_order()
    {
        using var outage = new GateOutage(directory.Path, 1200);
        var result = await outage.RunAsync();
        Assert.Empty(result.Findings);
        Assert.Equal(1200, result.Received);
    }
}
