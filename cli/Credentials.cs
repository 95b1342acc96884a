using System.Buffers;
using System.CommandLine;
using System.Net.Http.Headers;

namespace CapOrleans.Cli;

/// <summary>A secret that a request carries.</summary>
/// <param name="What">Its name, for display.</param>
/// <param name="File">The file it was read from; null when it came from the environment.</param>
internal sealed record SentSecret(string What, string? File);

/// <summary>
/// The secrets that this command sends to servers, each to one kind of server: the API key to an API, the gate token to
/// a gate, the dev chain's token to the dev chain. None goes over plain HTTP to another machine or to another user's
/// program, unless <c>--insecure-http</c> is given.
/// </summary>
internal static class Credentials
{
    private const string GatePrefix = "gate_";
    private const int GateDigits = 64;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    public static readonly Option<bool> InsecureHttp = new("--insecure-http")
    {
        Description = "Send an API key or a gate token over plain HTTP to another machine or another user's program too: "
            + "anyone on the network path can read it",
        Recursive = true,
    };

    private static bool isInsecureAllowed;

    public static void Configure(ParseResult parsed) => isInsecureAllowed = parsed.GetValue(InsecureHttp);

    private static string ApiKeyFile => Path.Combine(CapEnvironment.DataDirectory, "admin-token");

    private static string GateTokenFile => Path.Combine(CapEnvironment.DataDirectory, "gate-token");

    private static readonly HttpRequestOptionsKey<SentSecret> Shown = new("shown-secret");

    /// <returns>
    /// Null when it carries no secret to a local program over plain HTTP, or may carry it to any program.
    /// </returns>
    public static SentSecret? SecretSentBy(HttpRequestMessage request) => request.Options.TryGetValue(Shown,
        out var secret) ? secret : null;

    /// <summary>The token for this machine's dev chain, for calls that only its owner may make.</summary>
    /// <returns>Null without a dev chain, or when the token may go to any program.</returns>
    public static SentSecret? DevChainToken =>
        !isInsecureAllowed && CapEnvironment.DevTokenFile is { } file ? new SentSecret("dev chain's token", file) : null;

    public static bool HasApiKey => CapEnvironment.Text("CAP_TOKEN") is not null || File.Exists(ApiKeyFile);

    /// <summary>Adds <c>CAP_TOKEN</c>, or the key that the node wrote to its DATA_DIR.</summary>
    /// <param name="request">A request to the API.</param>
    public static void AddApiKey(HttpRequestMessage request)
    {
        var named = CapEnvironment.Text("CAP_TOKEN");
        var key = named ?? CapEnvironment.Read(ApiKeyFile, "an API key; set CAP_TOKEN or DATA_DIR").Trim();
        if (key.Length == 0 || key.Any(c => c is <= ' ' or > '~'))
        {
            throw new CliFaultException(
                ExitCodes.Misconfigured, $"CAP_TOKEN or {ApiKeyFile} holds no API key: it is empty, or has white space or other characters that no key has.");
        }

        Add(request, key, new SentSecret("API key", named is null ? ApiKeyFile : null));
    }

    /// <summary>
    /// Adds <c>CAP_GATE_TOKEN</c>, or the token that the gate wrote to its DATA_DIR; nothing when there is neither.
    /// </summary>
    /// <param name="request">A request to the gate.</param>
    public static void AddGateToken(HttpRequestMessage request)
    {
        var named = CapEnvironment.Text("CAP_GATE_TOKEN");
        var token = named ?? (File.Exists(GateTokenFile) ? CapEnvironment.Read(GateTokenFile, "a gate token").Trim() : null);
        if (token is null)
        {
            return;
        }

        if (!IsGateToken(token))
        {
            throw new CliFaultException(
                ExitCodes.Misconfigured, $"CAP_GATE_TOKEN or {GateTokenFile} holds no gate token: {GatePrefix} and {GateDigits} hex digits.");
        }

        Add(request, token, new SentSecret("gate token", named is null ? GateTokenFile : null));
    }

    private static bool IsGateToken(string text) => text.Length == GatePrefix.Length + GateDigits
        && text.StartsWith(GatePrefix, StringComparison.Ordinal) && !text.AsSpan(GatePrefix.Length).ContainsAnyExcept(HexDigits);

    private static void Add(HttpRequestMessage request, string secret, SentSecret shown)
    {
        var url = request.RequestUri!;
        if (url.Scheme != Uri.UriSchemeHttps && !url.IsLoopback && !isInsecureAllowed)
        {
            throw new CliFaultException(
                ExitCodes.Misconfigured,
                $"The {shown.What} would go over plain HTTP to {url.Authority}, where anyone on the network path could read it: "
                + "use https or a tunnel to this machine, or add --insecure-http.");
        }

        if (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback && !isInsecureAllowed)
        {
            request.Options.Set(Shown, shown);
        }

        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
    }
}
