using System.Net;
using CapOrleans.Silo.Tls;

namespace CapOrleans.Silo.Settings;

/// <summary>The gate's settings; the names are those of <c>.env.example</c>.</summary>
public sealed record GateSettings
{
    /// <summary><c>Gate__Name</c>: who it is to the cluster. Default this machine's name.</summary>
    public required string Name { get; init; }

    /// <summary><c>Gate__Bind</c>: it listens there only, for example at its address within a VPN. Null for <c>BIND</c>.</summary>
    public IPAddress? Bind { get; init; }

    /// <summary><c>Gate__Api</c>: where it forwards to, several with commas; none for the API of this machine.</summary>
    public IReadOnlyList<Uri> Apis { get; init; } = [];

    /// <summary>
    /// <c>Gate__ApiKeyFile</c>: with what it asks the cluster for the keys of CapIDs; null for the data directory's <c>admin-token</c>, where
    /// there is one.
    /// </summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>
    /// <c>Gate__PlainHttpToApi</c>: the API key may go to the cluster over plain HTTP off loopback, as within a VPN. Default false.
    /// </summary>
    public bool PlainHttpToApi { get; init; }

    /// <summary>
    /// <c>Gate__TrustLocalApi</c>: whoever has the API's port on this machine is the API, though another user's program. Default false.
    /// </summary>
    public bool TrustsLocalApi { get; init; }

    /// <summary>The API key would go over plain HTTP where others may read it. Without <c>Gate__Api</c> it stays on this machine.</summary>
    public bool ExposesApiKey => !PlainHttpToApi && Apis.Any(api => api.Scheme == Uri.UriSchemeHttp && !api.IsLoopback);

    /// <summary><c>Gate__ApiAuthorities</c>: a PEM file; an API's certificate must be of one of these. Null for the machine's authorities.</summary>
    public string? ApiAuthorities { get; init; }

    /// <summary>
    /// <c>Gate__ApiClientCertificate</c>, <c>Gate__ApiClientKey</c>: what the gate shows to an API that asks for a certificate; null for nothing.
    /// </summary>
    public TlsFiles? ApiClient { get; init; }

    /// <summary><c>Gate__SpoolMegabytes</c>: what may wait on its disk. Default 1024; 1 to 1,048,576.</summary>
    public int SpoolMegabytes { get; init; } = 1024;

    /// <summary><c>Gate__SpoolHours</c>: how long it may wait. Default 168, as long as a signed time may lie back; 1 to 8760.</summary>
    public int SpoolHours { get; init; } = 168;

    /// <summary><c>Gate__EscalateCommand</c>; null for none.</summary>
    public string? EscalateCommand { get; init; }

    /// <summary><c>Gate__EscalateUrl</c>; null for none.</summary>
    public Uri? EscalateUrl { get; init; }

    /// <summary><c>Gate__EscalateUnknownKeys</c>: also for incidents of which no list of keys says who may report. Default false.</summary>
    public bool EscalateUnknownKeys { get; init; }

    /// <summary><c>Gate__TlsCertificate</c>, <c>Gate__TlsKey</c>, <c>Gate__ClientAuthorities</c>; null for plain HTTP.</summary>
    public TlsFiles? Tls { get; init; }
}
