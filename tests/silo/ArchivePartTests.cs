using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;
using CapOrleans.Silo;
using CapOrleans.Silo.Files;
using CapOrleans.Silo.Settings;
using Microsoft.Extensions.DependencyInjection;

namespace CapOrleans.Tests.Silo;

/// <summary>The locations in which a service looks for archived content.</summary>
public sealed class ArchivePartTests
{
    [Fact]
    public async Task A_location_query_reports_each_gateway_in_the_settings()
    {
        using var directory = new TempDirectory();
        await using var gateway = await AnyServer.StartAsync();
        var cid = Cid.Of(Cid.Raw, "what was archived"u8);
        gateway.Respond = _ => (200, "application/vnd.ipld.raw", "what was archived");
        var services = new ServiceCollection();
        using var data = DataDirectory.Open(directory.File("data"), isShared: false);
        services.AddSingleton(TimeProvider.System);
        ArchivePart.Add(services, SettingsReader.Read(new Dictionary<string, string> { ["Archive__Gateways"] = $"http://127.0.0.1:{gateway.Port}/ipfs/" }.GetValueOrDefault), data);
        await using var provider = services.BuildServiceProvider();
        var answers = await provider.GetRequiredService<ArchiveLocations>().AskAsync(cid, default);
        Assert.Equal([("store", true, LinkStatus.Missing), ($"127.0.0.1:{gateway.Port}", false, LinkStatus.Ok)], answers.Select(answer => (answer.Location, answer.IsOwn, answer.Status)));
        Assert.Equal($"GET /ipfs/{cid}", Assert.Single(gateway.Calls).Call);
    }
}
