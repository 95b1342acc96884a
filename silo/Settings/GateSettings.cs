using System.Net;
using CapOrleans.Silo.Tls;

namespace CapOrleans.Silo.Settings;

/// <summary>The gate's settings; the names are those of <c>.env.example</c>.</summary>
public sealed record GateSettings
{
    /// <summary><c>Gate__Name</c>: its name in the cluster. Default this machine's name.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// <c>Gate__Bind</c>: the only address it listens on, for example within a VPN. Null for <c>BIND</c>.
    /// </summary>
    public IPAddress? Bind { get; init; }

    /// <summary><c>Gate__Api</c>: where it forwards to, comma-separated; empty for the API of this machine.</summary>
    public IReadOnlyList<Uri> Apis { get; init; } = [];

    /// <summary>
    /// <c>Gate__ApiKeyFile</c>: the API key with which it asks the cluster for the keys of CapIDs. Null for the data
    /// directory's <c>admin-token</c> if there is one, unless <see cref="ExposesApiKey"/>.
    /// </summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>
    /// <c>Gate__PlainHttpToApi</c>: whether the API key may be sent over plain HTTP off loopback, as within a VPN.
    /// Default false.
    /// </summary>
    public bool PlainHttpToApi { get; init; }

    /// <summary>
    /// <c>Gate__TrustLocalApi</c>: whether any program on the API's port of this machine is trusted as the API, even
    /// another user's. Default false.
    /// </summary>
    public bool TrustsLocalApi { get; init; }

    /// <summary>
    /// Whether the API key would be sent over plain HTTP where others may read it. Without <c>Gate__Api</c> it stays on
    /// this machine.
    /// </summary>
    public bool ExposesApiKey => !PlainHttpToApi && Apis.Any(api => api.Scheme == Uri.UriSchemeHttp && !api.IsLoopback);

    /// <summary>
    /// <c>Gate__ApiAuthorities</c>: a PEM file of the authorities that may issue an API's certificate. Null for the
    /// machine's authorities.
    /// </summary>
    public string? ApiAuthorities { get; init; }

    /// <summary>
    /// <c>Gate__ApiClientCertificate</c>, <c>Gate__ApiClientKey</c>: what the gate presents to an API that asks for a
    /// certificate; null for none.
    /// </summary>
    public TlsFiles? ApiClient { get; init; }

    /// <summary>
    /// <c>Gate__SpoolMegabytes</c>: MiB of incidents that may wait on its disk. Default 1024; 1 to 1,048,576.
    /// </summary>
    public int SpoolMegabytes { get; init; } = 1024;

    /// <summary>
    /// <c>Gate__SpoolHours</c>: how long an incident may wait. Default 168, as far back as a signed time may lie; 1 to
    /// 8760.
    /// </summary>
    public int SpoolHours { get; init; } = 168;

    /// <summary><c>Gate__EscalateCommand</c>; null for none.</summary>
    public string? EscalateCommand { get; init; }

    /// <summary><c>Gate__EscalateUrl</c>; null for none.</summary>
    public Uri? EscalateUrl { get; init; }

    /// <summary>
    /// <c>Gate__EscalateUnknownKeys</c>: whether an incident may page when there is no list of its CapID's keys.
    /// Default false.
    /// </summary>
    public bool EscalateUnknownKeys { get; init; }

    /// <summary><c>Gate__TlsCertificate</c>, <c>Gate__TlsKey</c>, <c>Gate__ClientAuthorities</c>; null for plain HTTP.</summary>
    public TlsFiles? Tls { get; init; }
}
