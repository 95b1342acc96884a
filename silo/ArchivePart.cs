using CapOrleans.Archive;
using CapOrleans.Core.Archive;
using CapOrleans.Grains.Archive;
using CapOrleans.Notify;
using CapOrleans.Silo.Files;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Silo;

/// <summary>Registers where archived blocks are stored, and where they are looked for.</summary>
internal static class ArchivePart
{
    public static void Add(IServiceCollection services, NodeSettings settings, DataDirectory data)
    {
        var rpc = settings.IpfsApi is null ? null : new KuboRpc(PlainHttp.Client(TimeSpan.FromSeconds(30)), settings.IpfsApi);
        var embedded = new Lazy<IBlockStore>(() =>
            settings.Database is null ? new SqliteBlockStore(data.BlockFile) : new PostgresBlockStore(settings.Database));
        services.AddSingleton(_ => rpc is null ? embedded.Value : new KuboBlockStore(embedded.Value, rpc, TimeProvider.System));
        services.AddSingleton(provider => Locations(settings, embedded.Value, rpc, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ICarStore>(provider => settings.IpfsApi is null
            ? new NoIpfsNode()
            : new KuboCarStore(new KuboRpc(PlainHttp.Client(Timeout.InfiniteTimeSpan), settings.IpfsApi), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(new ExportSchedule(
            rpc is not null, settings.RpcUrls.Count > 0, TimeSpan.FromHours(settings.ArchiveExportHours), (long)settings.ArchiveExportMegabytes << 20));
        services.AddSingleton(new LinkCheckSchedule(TimeSpan.FromDays(settings.ArchiveCheckDays), settings.ArchiveChecksPerHour));
    }

    private static ArchiveLocations Locations(NodeSettings settings, IBlockStore embedded, KuboRpc? rpc, TimeProvider time)
    {
        var locations = new List<IArchiveLocation> { new StoreLocation(embedded, time) };
        if (rpc is not null)
        {
            locations.Add(new NodeLocation(rpc, time));
        }

        if (settings.ArchiveGateways.Count > 0)
        {
            // The same guard as for webhooks, without the networks that these may reach besides public addresses.
            var (named, publicOnly) = (PlainHttp.Client(Timeout.InfiniteTimeSpan), new ReceiverNetworks([]).CreateClient());
            locations.AddRange(settings.ArchiveGateways.Select(gateway => new GatewayLocation(gateway, named, publicOnly, time)));
        }

        return new ArchiveLocations(locations);
    }
}
