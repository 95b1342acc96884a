using CapOrleans.AuditLog.Postgres;
using Orleans.Configuration;
using Orleans.Serialization;

namespace CapOrleans.Silo.Clustering;

/// <summary>Orleans' membership in PostgreSQL, and how soon a dead silo is found dead.</summary>
internal static class ClusterStore
{
    public const string Invariant = "Npgsql";

    private const string Name = "caporleans";

    public static void Migrate(PostgresDatabase database) =>
        database.Migrate("orleans", typeof(ClusterStore).Assembly, ".Clustering.Migrations.");

    public static void UseCapCluster(this ISiloBuilder silo, string connectionString)
    {
        silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Invariant, connectionString));
        silo.Configure<ClusterOptions>(NameIt);
        silo.Configure<ExceptionSerializationOptions>(Pass);
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            // Two missed probes of a second each: a killed silo's grains answer again in less than five seconds. A silo that
            // stands still for that long is declared dead as well, finds that out and ends; the log's fence makes that harmless.
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.NumMissedProbesLimit = 2;
            // A vote is held back while anything was heard from the silo within the missed probes at their longest. By default a
            // probe may grow to four seconds, and a silo whose cable was pulled stayed in for eight.
            options.MaxProbeTimeout = TimeSpan.FromSeconds(1.5);
            // When every silo was killed, the first to come back must not wait for those that are listed: after three times
            // this long without a sign of life they are not asked any more.
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(3);
            options.DefunctSiloExpiration = TimeSpan.FromHours(1);
            options.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
        });
    }

    public static void UseCapCluster(this IClientBuilder client, string connectionString)
    {
        client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Invariant, connectionString));
        client.Configure<ClusterOptions>(NameIt);
        client.Configure<ExceptionSerializationOptions>(Pass);
        // An API may be started before the first silo: it waits.
        client.UseConnectionRetryFilter(async (_, cancellationToken) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken);
            return true;
        });
        // How soon an API that runs by itself sees a silo that came or went.
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
        // What was on its way through a silo that died is never answered; the caller is asked to send it again after this long.
        client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(5));
    }

    /// <summary>What another silo's database or log ended a call with, by its own type: callers know what is worth a retry.</summary>
    public static void Pass(ExceptionSerializationOptions options)
    {
        options.SupportedNamespacePrefixes.Add("CapOrleans");
        options.SupportedNamespacePrefixes.Add("Npgsql");
    }

    private static void NameIt(ClusterOptions options) => (options.ClusterId, options.ServiceId) = (Name, Name);
}
