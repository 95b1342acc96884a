using System.Globalization;
using System.Net.Http.Headers;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Access;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Ethereum.Rpc;

/// <summary>
/// JSON-RPC 2.0 over HTTP, as Ethereum nodes speak it. Of several nodes, one is used until it gives no usable answer,
/// then the next. Credentials in a URL are sent as Basic authentication.
/// </summary>
/// <param name="urls">At least one, all of the same chain.</param>
/// <param name="devTokenFile">
/// File with the dev chain's token, which is sent with every call so that its owner is not queued behind others. Read
/// for each call; null when the nodes are not ours.
/// </param>
/// <param name="time">Null for the system's.</param>
public sealed partial class JsonRpcClient(HttpClient http, IReadOnlyList<Uri> urls, string? devTokenFile = null, TimeProvider? time = null)
{
    private const string DevTokenHeader = "X-Dev-Chain-Token";

    private readonly TimeProvider clock = time ?? TimeProvider.System;
    private int lastId, current;
    private IReadOnlyList<JsonRpcClient>? each;

    public JsonRpcClient(HttpClient http, Uri url, string? devTokenFile = null, TimeProvider? time = null) : this(http, [url], devTokenFile, time)
    {
    }

    public IReadOnlyList<Uri> Urls => urls;

    /// <summary>A client for each node alone.</summary>
    public IReadOnlyList<JsonRpcClient> Nodes => each ??= urls.Count == 1 ? [this] : [.. urls.Select(url => new JsonRpcClient(http, url, devTokenFile, time))];

    /// <summary>Host and port of the node in use, for messages.</summary>
    public string Name => $"{Current.Host}:{Current.Port}";

    private Uri Current => urls[Volatile.Read(ref current)];

    /// <summary>
    /// Whether this node answers later than the others, so that a caller with enough other answers does not wait for
    /// it. Only for one of several nodes.
    /// </summary>
    public bool IsLate { get; internal set; }

    /// <exception cref="RpcErrorException">All nodes that answered refused.</exception>
    /// <exception cref="ChainUnavailableException">No node gave a usable answer.</exception>
    public Task<JsonElement> CallAsync(string method, CancellationToken cancellationToken, params IReadOnlyList<JsonNode?> parameters) =>
        CallAsync(method, static answer => answer, cancellationToken, parameters);

    private async Task<JsonElement> SendAsync(Uri url, string method, IReadOnlyList<JsonNode?> parameters, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = Interlocked.Increment(ref lastId),
            ["method"] = method,
            ["params"] = new JsonArray([.. parameters.Select(parameter => parameter?.DeepClone())]),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        request.Headers.Authorization = UrlCredentials.Basic(url) is { } basic ? new AuthenticationHeaderValue("Basic", basic) : null;
        if (ReadToken() is { } token)
        {
            request.Headers.Add(DevTokenHeader, token);
        }

        HttpResponseMessage response;
        byte[] bytes;
        try
        {
            response = await http.SendAsync(request, cancellationToken);
            bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new ChainUnavailableException($"{Describe(url)} does not answer; check RPC_URL.", fault);
        }

        using (response)
        {
            return RpcAnswer.ResultOf(Describe(url), url, method, response, bytes);
        }
    }

    public async Task<BigInteger> QuantityAsync(string method, CancellationToken cancellationToken, params IReadOnlyList<JsonNode?> parameters) =>
        await CallAsync(method, Quantity, cancellationToken, parameters);

    public async Task<long> NumberAsync(string method, CancellationToken cancellationToken, params IReadOnlyList<JsonNode?> parameters) =>
        await CallAsync(method, answer => (long)Quantity(answer), cancellationToken, parameters);

    public async Task<byte[]> DataAsync(string method, CancellationToken cancellationToken, params IReadOnlyList<JsonNode?> parameters) =>
        await CallAsync(method, answer => Convert.FromHexString(answer.GetString().AsSpan(2)), cancellationToken, parameters);

    /// <exception cref="ChainUnavailableException">The answer is not what was asked for.</exception>
    public T Read<T>(JsonElement answer, Func<JsonElement, T> read) => RpcAnswer.Read(Describe(Current), answer, read);

    /// <summary>Reads a number of at most 256 bits: a longer one would only cost time.</summary>
    public static BigInteger Quantity(JsonElement value) => value.GetString() is { Length: > 2 and <= 66 } text
        ? BigInteger.Parse($"0{text.AsSpan(2)}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
        : throw new FormatException("A quantity must have 1 to 64 hex digits.");

    /// <returns>
    /// The hash of a block or a transaction in the form that is written into the log; anything else is refused.
    /// </returns>
    public static string Hash(JsonElement value) =>
        value.GetString() is { Length: 66 } text && text.StartsWith("0x", StringComparison.Ordinal) ? $"0x{Convert.ToHexStringLower(Convert.FromHexString(text.AsSpan(2)))}"
            : throw new FormatException("A hash must have 32 bytes.");

    public static string Hex(ReadOnlySpan<byte> value) => $"0x{Convert.ToHexStringLower(value)}";

    public static string Hex(BigInteger value) =>
        value.IsZero ? "0x0" : $"0x{value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0')}";

    /// <summary>Names a node for messages by host and port alone: the path of an RPC URL is often a key.</summary>
    private static string Describe(Uri url) => $"The chain node at {url.Host}:{url.Port}";

    private string? ReadToken()
    {
        try
        {
            return devTokenFile is null ? null : File.ReadAllText(devTokenFile).Trim();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ChainUnavailableException($"The dev chain's token cannot be read: {fault.Message}", fault);
        }
    }
}
