using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Chain.Rpc;

/// <summary>The node understood the request and refused it.</summary>
public sealed class RpcErrorException(int code, string message, string? answer) : ChainUnavailableException($"The chain node refused: {message} (code {code})")
{
    /// <summary>3 when a contract ran and reverted.</summary>
    public int Code { get; } = code;

    /// <summary>What the contract reverted with: the selector of an error and its arguments, in hex with 0x.</summary>
    public string? Answer { get; } = answer;
}

/// <summary>JSON-RPC 2.0 over HTTP, as Ethereum nodes speak it.</summary>
/// <param name="devTokenFile">Holds the dev chain's token, which goes with what only its owner may ask. Read at each such call.</param>
public sealed class JsonRpcClient(HttpClient http, Uri url, string? devTokenFile = null)
{
    private const string DevTokenHeader = "X-Dev-Chain-Token";

    private int lastId;

    public Uri Url => url;

    /// <exception cref="RpcErrorException">The node refused.</exception>
    /// <exception cref="ChainUnavailableException">No usable answer came.</exception>
    public async Task<JsonElement> CallAsync(string method, CancellationToken cancellationToken, params IReadOnlyList<JsonNode?> parameters)
    {
        var request = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = Interlocked.Increment(ref lastId),
            ["method"] = method,
            ["params"] = new JsonArray([.. parameters]),
        };
        JsonElement answer;
        try
        {
            using var content = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json");
            if (method.StartsWith("anvil_", StringComparison.Ordinal) && ReadToken() is { } token)
            {
                content.Headers.Add(DevTokenHeader, token);
            }

            using var response = await http.PostAsync(url, content, cancellationToken);
            answer = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException || (fault is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The path of an RPC URL often is a key: only the host is named.
            throw new ChainUnavailableException($"The chain node at {url.Host}:{url.Port} gives no usable answer; see RPC_URL.", fault);
        }

        if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("error", out var error))
        {
            throw Read(error, Refusal);
        }

        return answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("result", out var result)
            ? result
            : throw new ChainUnavailableException($"The chain node at {url.Host}:{url.Port} answered neither result nor error.");
    }

    public async Task<BigInteger> QuantityAsync(string method, CancellationToken cancellationToken, params IReadOnlyList<JsonNode?> parameters) =>
        Read(await CallAsync(method, cancellationToken, parameters), Quantity);

    public async Task<long> NumberAsync(string method, CancellationToken cancellationToken, params IReadOnlyList<JsonNode?> parameters) =>
        Read(await CallAsync(method, cancellationToken, parameters), answer => (long)Quantity(answer));

    public async Task<byte[]> DataAsync(string method, CancellationToken cancellationToken, params IReadOnlyList<JsonNode?> parameters) =>
        Read(await CallAsync(method, cancellationToken, parameters), answer => Convert.FromHexString(answer.GetString().AsSpan(2)));

    /// <exception cref="ChainUnavailableException">The node answered something else than what was asked for.</exception>
    public T Read<T>(JsonElement answer, Func<JsonElement, T> read)
    {
        try
        {
            return read(answer);
        }
        catch (Exception fault) when (fault is InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new ChainUnavailableException($"The chain node at {url.Host}:{url.Port} gives an answer that cannot be read; see RPC_URL.", fault);
        }
    }

    public static BigInteger Quantity(JsonElement value) =>
        BigInteger.Parse($"0{value.GetString().AsSpan(2)}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    public static string Hex(ReadOnlySpan<byte> value) => $"0x{Convert.ToHexStringLower(value)}";

    public static string Hex(BigInteger value) =>
        value.IsZero ? "0x0" : $"0x{value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0')}";

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

    private static RpcErrorException Refusal(JsonElement error) => new(
        error.GetProperty("code").GetInt32(),
        error.GetProperty("message").GetString() ?? "",
        error.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.String ? data.GetString() : null);
}
