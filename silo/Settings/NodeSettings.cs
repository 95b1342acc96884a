using System.Net;
using CapOrleans.Api.Access;
using CapOrleans.Core.Signatures;
using CapOrleans.Silo.Tls;

namespace CapOrleans.Silo.Settings;

/// <summary>What a process is of; any of them together.</summary>
[Flags]
public enum NodeRoles
{
    None = 0,

    /// <summary>Holds grains.</summary>
    Silo = 1,

    /// <summary>Answers HTTP; without <see cref="Silo"/>, as a client of the cluster.</summary>
    Api = 2,

    /// <summary>The hosts' front-end before an API.</summary>
    Gate = 4,
}

/// <summary>A node's settings; the names are those of <c>.env.example</c>.</summary>
public sealed record NodeSettings
{
    /// <summary><c>DATA_DIR</c>. Default <c>./data</c>.</summary>
    public required string DataDirectory { get; init; }

    /// <summary><c>ROLES</c>. Default all three.</summary>
    public NodeRoles Roles { get; init; } = NodeRoles.Silo | NodeRoles.Api | NodeRoles.Gate;

    /// <summary><c>DATABASE_URL</c> in Npgsql's form; null for SQLite under the data directory.</summary>
    public string? Database { get; init; }

    /// <summary>Settings of the OpenTelemetry SDK, <c>OTEL_*</c>, by their names.</summary>
    public IReadOnlyDictionary<string, string> OpenTelemetry { get; init; } = OpenTelemetrySettings.Read(_ => null);

    /// <summary>A collector is sent metrics and traces.</summary>
    public bool SendsTelemetry => OpenTelemetry.ContainsKey(OpenTelemetrySettings.Endpoint);

    /// <summary>See <see cref="OpenTelemetrySettings.ShareOf"/>.</summary>
    public double? TraceShare => OpenTelemetrySettings.ShareOf(OpenTelemetry);

    /// <summary><c>LOGS</c>: into how many logs the CapIDs are divided; fixed at the first start. Default 1; 1 to 64.</summary>
    public int Logs { get; init; } = 1;

    /// <summary><c>SILO_ADDRESS</c>: where other silos and APIs reach this silo. Default 127.0.0.1. Clusters only.</summary>
    public IPAddress SiloAddress { get; init; } = IPAddress.Loopback;

    /// <summary><c>SILO_PORT</c>. Default 11111. Clusters only.</summary>
    public int SiloPort { get; init; } = 11111;

    /// <summary><c>GATEWAY_PORT</c>, for APIs that run by themselves. Default 30000. Clusters only.</summary>
    public int GatewayPort { get; init; } = 30000;

    /// <summary><c>BIND</c>. Default 127.0.0.1.</summary>
    public required IPAddress Bind { get; init; }

    /// <summary><c>API_PORT</c>. Default 8787.</summary>
    public required int ApiPort { get; init; }

    /// <summary><c>GATE_PORT</c>. Default 8989.</summary>
    public required int GatePort { get; init; }

    /// <summary><c>RPC_URL</c>, one or more nodes of one chain; none for no chain. The dev chain's when <see cref="IsDevChain"/>.</summary>
    public IReadOnlyList<Uri> RpcUrls { get; init; } = [];

    /// <summary>The node at <see cref="RpcUrls"/> was started by <c>./run</c> for this node.</summary>
    public bool IsDevChain { get; init; }

    /// <summary><c>DEV_CHAIN_TOKEN_FILE</c>: with it the node may give its writer money; null for none. Dev chain only.</summary>
    public string? DevChainTokenFile { get; init; }

    /// <summary><c>CHAIN_ID</c>, which full-v2 signatures name. Default 31337; must be set where the node listens off loopback.</summary>
    public required long ChainId { get; init; }

    /// <summary><c>PRIVATE_KEY</c>, or <c>KEYSTORE</c> with <c>KEYSTORE_PASSPHRASE_FILE</c>: the chain writer; null to make one, on the dev chain only.</summary>
    public PrivateKey? ChainWriter { get; init; }

    /// <summary><c>Chain__MaxFeeGwei</c>: what a transaction may cost at most per gas. Default 500; 1 to 1,000,000.</summary>
    public int ChainMaxFeeGwei { get; init; } = 500;

    /// <summary><c>Chain__Confirmations</c>: blocks that a transaction must be deep, its own included; null for 12, and 1 on the dev chain. 1 to 1000.</summary>
    public int? ChainConfirmations { get; init; }

    /// <summary>
    /// <c>Chain__GasPerDay</c>: gas that the transactions of a UTC day may use, by their limits. Default 0, which is no limit; to 10^15.
    /// </summary>
    public long ChainGasPerDay { get; init; }

    /// <summary><c>CONTRACT_ADDRESS</c>; null to deploy, on the dev chain only.</summary>
    public EthereumAddress? Contract { get; init; }

    /// <summary><c>CAP_NFT_ADDRESS</c>: a CapNFT in which CapIDs are mirrored; null for none.</summary>
    public EthereumAddress? CapNft { get; init; }

    /// <summary><c>IPFS_API</c>, a node's Kubo RPC; null for none.</summary>
    public Uri? IpfsApi { get; init; }

    /// <summary><c>Archive__Gateways</c>: where archived CIDs are looked for besides, URLs that end with a slash. Default none; up to 8.</summary>
    public IReadOnlyList<Uri> ArchiveGateways { get; init; } = [];

    /// <summary><c>Archive__CheckDays</c>: time between two looks at one archived CID, at least. Default 7 days; 1 to 365.</summary>
    public int ArchiveCheckDays { get; init; } = 7;

    /// <summary><c>Archive__ChecksPerHour</c>: archived CIDs that are looked for in an hour, of each log. Default 60; 0, for none, to 1,800.</summary>
    public int ArchiveChecksPerHour { get; init; } = 60;

    /// <summary><c>Archive__ExportHours</c>: what an entry waits at most until it is exported. Default 24; 1 to 8,760. With <see cref="IpfsApi"/> only.</summary>
    public int ArchiveExportHours { get; init; } = 24;

    /// <summary><c>Archive__ExportMegabytes</c>: of entries that wait at most until they are exported. Default 64 MiB; 1 to 1,024.</summary>
    public int ArchiveExportMegabytes { get; init; } = 64;

    /// <summary><c>CAP_ID</c>: the CapID that the first start registers. Default SYS-CORE.</summary>
    public required string CapId { get; init; }

    /// <summary><c>Auth__OpenReadsOnLoopback</c>: on a loopback address, reads need no API key. Default true.</summary>
    public bool OpenReadsOnLoopback { get; init; } = true;

    /// <summary>
    /// <c>Auth__OpenRegistrationOnLoopback</c>: on a loopback address, <c>POST /register_alert</c> needs no API key, for clients from
    /// before there were any. Every program of this machine can then have severe incidents sent anywhere. Default false.
    /// </summary>
    public bool OpenRegistrationOnLoopback { get; init; }

    /// <summary><c>Webhooks__AllowedNetworks</c>: networks that webhooks may be delivered to besides public addresses. Default none;
    /// loopback, too, where the service itself listens there only.</summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary><c>Auth__OpenId__Authority</c>, <c>Auth__OpenId__Audience</c> and <c>Auth__OpenId__ScopeClaim</c>; null for none.</summary>
    public OpenIdProvider? OpenId { get; init; }

    /// <summary><c>Intake__Unsigned</c> is <c>AcceptAsUnverified</c>. Default false.</summary>
    public bool AcceptUnsigned { get; init; }

    /// <summary><c>Intake__PerSecondPerAddress</c>: requests, of which each incident is one. Default 20,000; 1 to 1,000,000.</summary>
    public required int IntakePerSecondPerAddress { get; init; }

    /// <summary><c>Anchor__Interval</c>. Default 1 s; 0 to 1 day.</summary>
    public required TimeSpan AnchorInterval { get; init; }

    /// <summary><c>Archive__ProofCheckPercent</c>: how many accepted incidents are checked again on their way into the archive. Default 100; 0 to 100.</summary>
    public int ProofCheckPercent { get; init; } = 100;

    /// <summary><c>Api__TlsCertificate</c>, <c>Api__TlsKey</c>, <c>Api__ClientAuthorities</c>; null for plain HTTP.</summary>
    public TlsFiles? ApiTls { get; init; }

    /// <summary><c>Api__TlsTerminatedByProxy</c>: off loopback, the API may speak plain HTTP. Default false.</summary>
    public bool TlsTerminatedByProxy { get; init; }

    /// <summary><c>Http__TrustedProxies</c>: whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed. Default nobody's.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary><c>Cluster__TlsCertificate</c>, <c>Cluster__TlsKey</c>, <c>Cluster__TlsAuthorities</c>; null for the authority of the data directory.</summary>
    public TlsFiles? ClusterTls { get; init; }

    public required GateSettings Gate { get; init; }

    public bool IsLoopback => IPAddress.IsLoopback(Bind);

    public override string ToString() => "[secret]";
}
