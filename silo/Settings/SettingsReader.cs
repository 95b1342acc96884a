using System.Globalization;
using System.Net;
using CapOrleans.Api.Access;
using CapOrleans.AuditLog.Postgres;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Silo.Settings;

/// <summary>Reports all settings that cannot be used, in one message.</summary>
public sealed class SettingsException(IReadOnlyList<string> faults)
    : Exception("The settings cannot be used:\n" + string.Join("\n", faults.Select(fault => "  " + fault)))
{
    public IReadOnlyList<string> Faults { get; } = faults;
}

/// <summary>Reads settings by name, and collects all faults. A secret value is never repeated.</summary>
public sealed partial class SettingsReader
{
    private const NodeRoles AllRoles = NodeRoles.Silo | NodeRoles.Api | NodeRoles.Gate;

    private readonly Func<string, string?> find;
    private readonly List<string> faults = [];

    private SettingsReader(Func<string, string?> find) => this.find = find;

    /// <param name="find">Returns a setting's text by its name; null when it is not set.</param>
    /// <exception cref="SettingsException">One or more settings cannot be used.</exception>
    public static NodeSettings Read(Func<string, string?> find) => new SettingsReader(find).Read();

    private NodeSettings Read()
    {
        var devChain = Url("DEV_CHAIN_URL");
        var rpc = devChain is null ? Urls("RPC_URL") : [devChain];
        var settings = new NodeSettings
        {
            DataDirectory = Path.GetFullPath(Text("DATA_DIR") ?? "./data"),
            Roles = ReadRoles(),
            Database = Parse("DATABASE_URL", PostgresDatabase.ReadUrl, "postgres://user:password@host:port/database", isSecret: true),
            Logs = (int)Number("LOGS", 1, 1, LogMap.MaxCount),
            SiloAddress = Parse("SILO_ADDRESS", text => IPAddress.TryParse(text, out var address) ? address : null, "an IP address at which the other nodes can reach this one") ?? IPAddress.Loopback,
            SiloPort = (int)Number("SILO_PORT", 11111, 1, 65535),
            GatewayPort = (int)Number("GATEWAY_PORT", 30000, 1, 65535),
            Gate = ReadGate(),
            OpenTelemetry = OpenTelemetrySettings.Read(Text),
            ProofCheckPercent = (int)Number("Archive__ProofCheckPercent", 100, 0, 100),
            ApiTls = ReadTls("Api__TlsCertificate", "Api__TlsKey", "Api__ClientAuthorities"),
            TlsTerminatedByProxy = Choice("Api__TlsTerminatedByProxy", "false", "true", "false") == "true",
            TrustedProxies = Networks("Http__TrustedProxies"),
            ClusterTls = ReadClusterTls(),
            Bind = Address("BIND") ?? IPAddress.Loopback,
            ApiPort = (int)Number("API_PORT", 8787, 1, 65535),
            GatePort = (int)Number("GATE_PORT", 8989, 1, 65535),
            RpcUrls = rpc,
            IsDevChain = devChain is not null,
            DevChainTokenFile = devChain is null ? null : Text("DEV_CHAIN_TOKEN_FILE"),
            ChainId = Number("CHAIN_ID", 31337, 1, long.MaxValue),
            ChainWriter = ReadChainWriter(),
            ChainMaxFeeGwei = (int)Number("Chain__MaxFeeGwei", 500, 1, 1_000_000),
            ChainConfirmations = Text("Chain__Confirmations") is null ? null : (int)Number("Chain__Confirmations", 12, 1, 1000),
            ChainGasPerDay = Number("Chain__GasPerDay", 0, 0, 1_000_000_000_000_000),
            Contract = ReadContract("CONTRACT_ADDRESS"),
            CapNft = ReadContract("CAP_NFT_ADDRESS"),
            IpfsApi = Url("IPFS_API"),
            ArchiveGateways = ReadGateways(),
            ArchiveCheckDays = (int)Number("Archive__CheckDays", 7, 1, 365),
            ArchiveExportHours = (int)Number("Archive__ExportHours", 24, 1, 8760),
            ArchiveExportMegabytes = (int)Number("Archive__ExportMegabytes", 64, 1, 1024),
            ArchiveChecksPerHour = (int)Number("Archive__ChecksPerHour", 60, 0, 1800),
            CapId = Text("CAP_ID") ?? "SYS-CORE",
            AcceptUnsigned = Choice("Intake__Unsigned", "Refuse", "Refuse", "AcceptAsUnverified") == "AcceptAsUnverified",
            OpenId = ReadOpenId(),
            OpenReadsOnLoopback = Choice("Auth__OpenReadsOnLoopback", "true", "true", "false") == "true",
            OpenRegistrationOnLoopback = Choice("Auth__OpenRegistrationOnLoopback", "false", "true", "false") == "true",
            AllowedNetworks = Networks("Webhooks__AllowedNetworks"),
            Mail = ReadMail(),
            Commands = ReadCommands(),
            IntakePerSecondPerAddress = (int)Number("Intake__PerSecondPerAddress", 20_000, 1, 1_000_000),
            AnchorInterval = ReadInterval(),
        };
        Check(settings);
        return faults.Count == 0 ? settings : throw new SettingsException(faults);
    }

    private void Check(NodeSettings settings)
    {
        CheckOwnGate(settings);
        if (settings.OpenTelemetry.GetValueOrDefault(OpenTelemetrySettings.Endpoint) is { } collector
            && !(Uri.TryCreate(collector, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
        {
            faults.Add($"{OpenTelemetrySettings.Endpoint} is '{collector}': choose the http or https URL of a collector, such as " +
                $"http://127.0.0.1:4317.");
        }

        if (!Identifiers.IsId(settings.CapId))
        {
            faults.Add($"CAP_ID is '{settings.CapId}': choose {Identifiers.Rule}.");
        }

        if (settings.IpfsApi is { Query.Length: > 0 })
        {
            faults.Add("IPFS_API has a query, which would be dropped: choose the URL of a node's RPC, such as http://127.0.0.1:5001.");
        }

        if (settings.ApiPort == settings.GatePort)
        {
            faults.Add($"API_PORT and GATE_PORT are both {settings.ApiPort}: choose two ports.");
        }

        if (settings is { IsLoopback: false, ApiTls: null, TlsTerminatedByProxy: false } && settings.Roles.HasFlag(NodeRoles.Api) && Text("Api__TlsCertificate") is null)
        {
            faults.Add($"BIND is {settings.Bind}, where the API would serve plain HTTP: API keys could be read in " +
                "transit. Set Api__TlsCertificate and Api__TlsKey, or Api__TlsTerminatedByProxy=true behind a proxy that terminates TLS.");
        }

        if (Text("CHAIN_ID") is null && ListensOffLoopback(settings))
        {
            faults.Add("CHAIN_ID is not set: other machines can reach this node, and a full-v2 signature names the " +
                "chain but not the deployment. Choose a chain " +
                "id that no other deployment with the same keys uses: an incident signed for that one would be accepted here.");
        }

        if (settings.Database is null && Text("DATABASE_URL") is null && settings.Roles is not (AllRoles or NodeRoles.Gate))
        {
            faults.Add("DATABASE_URL is not set: silo and api can run in separate processes only with PostgreSQL; " +
                "without it choose ROLES=silo,api,gate.");
        }

        if (settings is { RpcUrls.Count: > 0, IsDevChain: false, ChainWriter: null } && settings.Roles.HasFlag(NodeRoles.Silo))
        {
            faults.Add("PRIVATE_KEY is not set: with RPC_URL, PRIVATE_KEY or KEYSTORE must be the key of a writer of the contract.");
        }

        if (settings is { RpcUrls.Count: > 0, IsDevChain: false, Contract: null } && settings.Roles.HasFlag(NodeRoles.Silo))
        {
            faults.Add("CONTRACT_ADDRESS is not set: with RPC_URL it must be the address of a CapAuditStorageV2.");
        }

        if (settings is { RpcUrls.Count: 0, CapNft: not null } && settings.Roles.HasFlag(NodeRoles.Silo))
        {
            faults.Add("CAP_NFT_ADDRESS is set but RPC_URL is not: set RPC_URL, or leave CAP_NFT_ADDRESS empty.");
        }
    }

    private static bool ListensOffLoopback(NodeSettings settings) =>
        (!settings.IsLoopback && settings.Roles != NodeRoles.Silo)
        || (settings.Roles.HasFlag(NodeRoles.Gate) && settings.Gate.Bind is { } gate && !IPAddress.IsLoopback(gate))
        || (settings.Roles.HasFlag(NodeRoles.Silo) && settings.Database is not null && !IPAddress.IsLoopback(settings.SiloAddress));

    private NodeRoles ReadRoles()
    {
        var text = Text("ROLES") ?? "silo,api,gate";
        var roles = NodeRoles.None;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var role = name switch { "silo" => NodeRoles.Silo, "api" => NodeRoles.Api, "gate" => NodeRoles.Gate, _ => NodeRoles.None };
            if (role == NodeRoles.None)
            {
                faults.Add($"ROLES is '{text}': choose one or more of silo, api and gate, comma-separated.");
                break;
            }

            roles |= role;
        }

        return roles;
    }

    private OpenIdProvider? ReadOpenId()
    {
        if (Url("Auth__OpenId__Authority") is not { } authority)
        {
            return null;
        }

        if (authority.Scheme != Uri.UriSchemeHttps && !authority.IsLoopback)
        {
            faults.Add("Auth__OpenId__Authority is not https: anyone on the network path could forge tokens.");
        }

        if (Text("Auth__OpenId__Audience") is null)
        {
            faults.Add("Auth__OpenId__Audience is not set: a token issued for another service would be accepted.");
        }

        return new OpenIdProvider(authority, Text("Auth__OpenId__Audience") ?? "", Text("Auth__OpenId__ScopeClaim") ?? "scope");
    }

    private TimeSpan ReadInterval()
    {
        var text = Text("Anchor__Interval") ?? "00:00:01";
        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval) && interval >= TimeSpan.Zero && interval <= TimeSpan.FromDays(1))
        {
            return interval;
        }

        faults.Add($"Anchor__Interval is '{text}': choose 00:00:00 to 1.00:00:00.");
        return default;
    }
}
