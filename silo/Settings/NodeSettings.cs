using System.Net;
using CapOrleans.Api.Access;
using CapOrleans.Core.Signatures;
using CapOrleans.Notify;
using CapOrleans.Silo.Tls;

namespace CapOrleans.Silo.Settings;

/// <summary>The roles of a process, in any combination.</summary>
[Flags]
public enum NodeRoles
{
    None = 0,

    /// <summary>Hosts grains.</summary>
    Silo = 1,

    /// <summary>Serves HTTP; without <see cref="Silo"/>, as a client of the cluster.</summary>
    Api = 2,

    /// <summary>The front end for hosts, ahead of an API.</summary>
    Gate = 4,
}

/// <summary>A node's settings; the names are those of <c>.env.example</c>.</summary>
public sealed record NodeSettings
{
    /// <summary><c>DATA_DIR</c>. Default <c>./data</c>.</summary>
    public required string DataDirectory { get; init; }

    /// <summary><c>ROLES</c>. Default all three.</summary>
    public NodeRoles Roles { get; init; } = NodeRoles.Silo | NodeRoles.Api | NodeRoles.Gate;

    /// <summary><c>DATABASE_URL</c>, converted to Npgsql's form; null for SQLite under the data directory.</summary>
    public string? Database { get; init; }

    /// <summary>Settings of the OpenTelemetry SDK, <c>OTEL_*</c>, by name.</summary>
    public IReadOnlyDictionary<string, string> OpenTelemetry { get; init; } = OpenTelemetrySettings.Read(_ => null);

    /// <summary>Whether metrics and traces are sent to a collector.</summary>
    public bool SendsTelemetry => OpenTelemetry.ContainsKey(OpenTelemetrySettings.Endpoint);

    /// <summary>See <see cref="OpenTelemetrySettings.ShareOf"/>.</summary>
    public double? TraceShare => OpenTelemetrySettings.ShareOf(OpenTelemetry);

    /// <summary><c>LOGS</c>: number of logs for the CapIDs; fixed at the first start. Default 1; 1 to 64.</summary>
    public int Logs { get; init; } = 1;

    /// <summary><c>SILO_ADDRESS</c>: where other silos and APIs reach this silo. Default 127.0.0.1. Clusters only.</summary>
    public IPAddress SiloAddress { get; init; } = IPAddress.Loopback;

    /// <summary><c>SILO_PORT</c>. Default 11111. Clusters only.</summary>
    public int SiloPort { get; init; } = 11111;

    /// <summary><c>GATEWAY_PORT</c>, for APIs in processes of their own. Default 30000. Clusters only.</summary>
    public int GatewayPort { get; init; } = 30000;

    /// <summary><c>BIND</c>. Default 127.0.0.1.</summary>
    public required IPAddress Bind { get; init; }

    /// <summary><c>API_PORT</c>. Default 8787.</summary>
    public required int ApiPort { get; init; }

    /// <summary><c>GATE_PORT</c>. Default 8989.</summary>
    public required int GatePort { get; init; }

    /// <summary>
    /// <c>RPC_URL</c>, one or more nodes of one chain; empty for no chain. The dev chain's when
    /// <see cref="IsDevChain"/>.
    /// </summary>
    public IReadOnlyList<Uri> RpcUrls { get; init; } = [];

    /// <summary>Whether the chain node at <see cref="RpcUrls"/> was started by <c>./run</c> for this process.</summary>
    public bool IsDevChain { get; init; }

    /// <summary><c>DEV_CHAIN_TOKEN_FILE</c>: lets the chain writer be funded; null for none. Dev chain only.</summary>
    public string? DevChainTokenFile { get; init; }

    /// <summary><c>CHAIN_ID</c>, which full-v2 signatures name. Default 31337; must be set where the node listens off loopback.</summary>
    public required long ChainId { get; init; }

    /// <summary>
    /// <c>PRIVATE_KEY</c>, or <c>KEYSTORE</c> with <c>KEYSTORE_PASSPHRASE_FILE</c>: the chain writer's key; null to
    /// create one, on the dev chain only.
    /// </summary>
    public PrivateKey? ChainWriter { get; init; }

    /// <summary><c>Chain__MaxFeeGwei</c>: most that a transaction pays per gas. Default 500; 1 to 1,000,000.</summary>
    public int ChainMaxFeeGwei { get; init; } = 500;

    /// <summary>
    /// <c>Chain__Confirmations</c>: blocks that confirm a transaction, its own included; null for 12, and 1 on the dev
    /// chain. 1 to 1000.
    /// </summary>
    public int? ChainConfirmations { get; init; }

    /// <summary>
    /// <c>Chain__GasPerDay</c>: gas that the transactions of a UTC day may use, by their gas limits. Default 0, which
    /// is no limit; up to 10^15.
    /// </summary>
    public long ChainGasPerDay { get; init; }

    /// <summary><c>CONTRACT_ADDRESS</c>; null to deploy, on the dev chain only.</summary>
    public EthereumAddress? Contract { get; init; }

    /// <summary><c>CAP_NFT_ADDRESS</c>: a CapNFT that mirrors CapIDs; null for none.</summary>
    public EthereumAddress? CapNft { get; init; }

    /// <summary><c>IPFS_API</c>, a node's Kubo RPC; null for none.</summary>
    public Uri? IpfsApi { get; init; }

    /// <summary>
    /// <c>Archive__Gateways</c>: where else archived CIDs are looked for, URLs that end with a slash. Default none; up
    /// to 8.
    /// </summary>
    public IReadOnlyList<Uri> ArchiveGateways { get; init; } = [];

    /// <summary><c>Archive__CheckDays</c>: minimum days between two checks of a CID. Default 7; 1 to 365.</summary>
    public int ArchiveCheckDays { get; init; } = 7;

    /// <summary>
    /// <c>Archive__ChecksPerHour</c>: archived CIDs of each log that are checked per hour. Default 60; 0, for none, to
    /// 1,800.
    /// </summary>
    public int ArchiveChecksPerHour { get; init; } = 60;

    /// <summary>
    /// <c>Archive__ExportHours</c>: longest time that an entry waits to be exported. Default 24; 1 to 8,760. With
    /// <see cref="IpfsApi"/> only.
    /// </summary>
    public int ArchiveExportHours { get; init; } = 24;

    /// <summary>
    /// <c>Archive__ExportMegabytes</c>: most MiB of entries that wait to be exported. Default 64; 1 to 1,024.
    /// </summary>
    public int ArchiveExportMegabytes { get; init; } = 64;

    /// <summary><c>CAP_ID</c>: the CapID that the first start registers. Default SYS-CORE.</summary>
    public required string CapId { get; init; }

    /// <summary><c>Auth__OpenReadsOnLoopback</c>: on a loopback address, reads need no API key. Default true.</summary>
    public bool OpenReadsOnLoopback { get; init; } = true;

    /// <summary>
    /// <c>Auth__OpenRegistrationOnLoopback</c>: on a loopback address, <c>POST /register_alert</c> needs no API key,
    /// for clients from before there were any. Every program on this machine can then have severe incidents sent
    /// anywhere. Default false.
    /// </summary>
    public bool OpenRegistrationOnLoopback { get; init; }

    /// <summary>
    /// <c>Webhooks__AllowedNetworks</c>: networks that webhooks may be delivered to besides public addresses. Default
    /// none; also loopback, if the service itself listens on loopback only.
    /// </summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary><c>Webhooks__Smtp</c> and <c>Webhooks__MailFrom</c>; null: no mail is sent.</summary>
    public MailSettings? Mail { get; init; }

    /// <summary><c>Webhooks__Commands</c>: programs that deliveries may run, by name. Default none.</summary>
    public IReadOnlyDictionary<string, string> Commands { get; init; } = new Dictionary<string, string>();

    /// <summary><c>Auth__OpenId__Authority</c>, <c>Auth__OpenId__Audience</c> and <c>Auth__OpenId__ScopeClaim</c>; null for none.</summary>
    public OpenIdProvider? OpenId { get; init; }

    /// <summary>Whether <c>Intake__Unsigned</c> is <c>AcceptAsUnverified</c>. Default false.</summary>
    public bool AcceptUnsigned { get; init; }

    /// <summary>
    /// <c>Intake__PerSecondPerAddress</c>: requests, of which each incident counts as one. Default 20,000; 1 to
    /// 1,000,000.
    /// </summary>
    public required int IntakePerSecondPerAddress { get; init; }

    /// <summary><c>Anchor__Interval</c>. Default 1 s; 0 to 1 day.</summary>
    public required TimeSpan AnchorInterval { get; init; }

    /// <summary>
    /// <c>Archive__ProofCheckPercent</c>: share of accepted incidents that are checked again on their way into the
    /// archive. Default 100; 0 to 100.
    /// </summary>
    public int ProofCheckPercent { get; init; } = 100;

    /// <summary><c>Api__TlsCertificate</c>, <c>Api__TlsKey</c>, <c>Api__ClientAuthorities</c>; null for plain HTTP.</summary>
    public TlsFiles? ApiTls { get; init; }

    /// <summary><c>Api__TlsTerminatedByProxy</c>: off loopback, the API may speak plain HTTP. Default false.</summary>
    public bool TlsTerminatedByProxy { get; init; }

    /// <summary>
    /// <c>Http__TrustedProxies</c>: proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are trusted.
    /// Default none.
    /// </summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary><c>Cluster__TlsCertificate</c>, <c>Cluster__TlsKey</c>, <c>Cluster__TlsAuthorities</c>; null for the authority of the data directory.</summary>
    public TlsFiles? ClusterTls { get; init; }

    public required GateSettings Gate { get; init; }

    public bool IsLoopback => IPAddress.IsLoopback(Bind);

    public override string ToString() => "[secret]";
}
