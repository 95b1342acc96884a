using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Grains.Anchors;

/// <summary>The gas that all transactions of a day may use together.</summary>
public sealed class GasBudgetTests : IAsyncLifetime
{
    private AnchoringSilo silo = null!;

    public async Task InitializeAsync() => silo = await AnchoringSilo.CreateAsync();

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task When_the_day_s_gas_is_used_up_anchors_wait_and_say_so()
    {
        await silo.StartAsync();
        await silo.FileAsync("INC-0");
        await silo.AnchoredAsync("INC-0"); // deploys the contract, which counts too
        await silo.StopAsync();
        silo.GasPerDay = 1;
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1");
        await silo.FileAsync("INC-2");
        await Eventually.TrueAsync(async () =>
        {
            await silo.Anchorer.NudgeAsync();
            return (await silo.Anchorer.ProgressAsync()).LastError?.Contains("Chain__GasPerDay is 1", StringComparison.Ordinal) == true;
        });
        Assert.Equal("pending", (await silo.AnchorOfAsync("INC-2")).Status);
    }

    [Fact]
    public async Task Anchoring_continues_on_the_next_day()
    {
        var time = new SiloTime();
        silo.Configure = builder => builder.Services.AddSingleton<TimeProvider>(time);
        silo.GasPerDay = 1;
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await Eventually.TrueAsync(async () => // the deployment used it up
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await silo.Anchorer.NudgeAsync();
            return (await silo.Anchorer.ProgressAsync()).LastError?.Contains("Chain__GasPerDay is 1", StringComparison.Ordinal) == true;
        });
        time.Advance(TimeSpan.FromHours(24));
        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await silo.Anchorer.NudgeAsync();
            return (await silo.AnchorOfAsync("INC-1")).Status == "anchored";
        });
    }

    [Fact]
    public async Task What_the_nodes_refused_uses_up_nothing()
    {
        await silo.StartAsync();
        await silo.FileAsync("INC-0");
        await silo.AnchoredAsync("INC-0");
        await silo.StopAsync();
        silo.GasPerDay = 1;
        silo.Node.Before = (method, _, _) => method == "eth_sendRawTransaction" ? FaultyNode.Error(-32000, "insufficient funds for gas * price + value") : null;
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await Eventually.TrueAsync(async () =>
        {
            await silo.Anchorer.NudgeAsync();
            return (await silo.Anchorer.ProgressAsync()).LastError?.Contains("insufficient funds", StringComparison.Ordinal) == true;
        });
        silo.Node.Before = null;
        await silo.AnchoredAsync("INC-1");
    }
}
