using System.Net;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Silo.Settings;

/// <summary>Everything that a node is told from outside; the names are those of <c>.env.example</c>.</summary>
public sealed record NodeSettings
{
    /// <summary><c>DATA_DIR</c>. Default <c>./data</c>.</summary>
    public required string DataDirectory { get; init; }

    /// <summary><c>BIND</c>. Default 127.0.0.1.</summary>
    public required IPAddress Bind { get; init; }

    /// <summary><c>API_PORT</c>. Default 8787.</summary>
    public required int ApiPort { get; init; }

    /// <summary><c>GATE_PORT</c>. Default 8989.</summary>
    public required int GatePort { get; init; }

    /// <summary><c>RPC_URL</c>; null for none. The dev chain's when <see cref="IsDevChain"/>.</summary>
    public Uri? RpcUrl { get; init; }

    /// <summary>The node at <see cref="RpcUrl"/> was started by <c>./run</c> for this node.</summary>
    public bool IsDevChain { get; init; }

    /// <summary><c>CHAIN_ID</c>. Default 31337.</summary>
    public required long ChainId { get; init; }

    /// <summary><c>PRIVATE_KEY</c>, the chain writer; null to make one, on the dev chain only.</summary>
    public PrivateKey? ChainWriter { get; init; }

    /// <summary><c>CONTRACT_ADDRESS</c>; null to deploy, on the dev chain only.</summary>
    public EthereumAddress? Contract { get; init; }

    /// <summary><c>IPFS_API</c>, a node's Kubo RPC; null for none.</summary>
    public Uri? IpfsApi { get; init; }

    /// <summary><c>CAP_ID</c>: the CapID that the first start registers. Default SYS-CORE.</summary>
    public required string CapId { get; init; }

    /// <summary><c>Intake__Unsigned</c> is <c>AcceptAsUnverified</c>. Default false.</summary>
    public bool AcceptUnsigned { get; init; }

    /// <summary><c>Intake__PerSecondPerAddress</c>. Default 20,000; 1 to 1,000,000.</summary>
    public required int IntakePerSecondPerAddress { get; init; }

    /// <summary><c>Anchor__Interval</c>. Default 1 s; 0 to 1 day.</summary>
    public required TimeSpan AnchorInterval { get; init; }

    /// <summary><c>Gate__EscalateCommand</c>; null for none.</summary>
    public string? EscalateCommand { get; init; }

    public bool IsLoopback => IPAddress.IsLoopback(Bind);
}
