using CapOrleans.AuditLog.Postgres;
using Orleans.Configuration;
using Orleans.Serialization;

namespace CapOrleans.Silo.Clustering;

/// <summary>Orleans' membership in PostgreSQL, and how soon a dead silo is detected.</summary>
internal static class ClusterStore
{
    public const string Invariant = "Npgsql";

    private const string Name = "caporleans";

    public static void Migrate(PostgresDatabase database) =>
        database.Migrate("orleans", typeof(ClusterStore).Assembly, ".Clustering.Migrations.");

    public static void UseCapCluster(this ISiloBuilder silo, string connectionString)
    {
        silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Invariant, connectionString));
        silo.Configure<ClusterOptions>(SetClusterName);
        silo.Configure<ExceptionSerializationOptions>(AllowExceptionTypes);
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            // Two missed probes of one second each: a killed silo's grains answer again in less than five seconds. A
            // silo that stalls for that long is declared dead as well, detects it and exits; the log's fence makes that
            // harmless.
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.NumMissedProbesLimit = 2;
            // A vote is withheld while anything was received from the silo within the time of the missed probes at
            // their longest. By default a probe may grow to four seconds, and a silo whose cable was pulled stayed a
            // member for eight.
            options.MaxProbeTimeout = TimeSpan.FromSeconds(1.5);
            // After all silos were killed, the first one back must not wait for those that are listed: after three
            // times this long without a sign of life they are no longer probed.
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(3);
            options.DefunctSiloExpiration = TimeSpan.FromHours(1);
            options.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
        });
    }

    public static void UseCapCluster(this IClientBuilder client, string connectionString)
    {
        client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Invariant, connectionString));
        client.Configure<ClusterOptions>(SetClusterName);
        client.Configure<ExceptionSerializationOptions>(AllowExceptionTypes);
        // An API may be started before the first silo: it waits.
        client.UseConnectionRetryFilter(async (_, cancellationToken) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken);
            return true;
        });
        // How soon an API in a process of its own notices that a silo has joined or left.
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
        // A call that was passing through a silo that died is never answered; after this long, the caller is asked to
        // retry.
        client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(5));
    }

    /// <summary>
    /// Lets the exceptions of another silo's database or log keep their types, so that callers can tell what is worth a
    /// retry.
    /// </summary>
    public static void AllowExceptionTypes(ExceptionSerializationOptions options)
    {
        options.SupportedNamespacePrefixes.Add("CapOrleans");
        options.SupportedNamespacePrefixes.Add("Npgsql");
    }

    private static void SetClusterName(ClusterOptions options) => (options.ClusterId, options.ServiceId) = (Name, Name);
}
