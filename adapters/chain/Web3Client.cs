using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using CapOrleans.Ethereum.Rpc;
using Nethereum.JsonRpc.Client;
using Nethereum.JsonRpc.Client.RpcMessages;
using Nethereum.Web3;

namespace CapOrleans.Chain;

/// <summary>
/// Runs Nethereum over our transport: System.Text.Json, cancellation, failover, and faults that keep the HTTP status
/// and the node's message. One instance per operation, since Nethereum's calls take no cancellation token.
/// </summary>
internal sealed class Web3Client(JsonRpcClient rpc, CancellationToken cancellationToken) : IClient
{
    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static Web3 Create(JsonRpcClient rpc, CancellationToken cancellationToken) => new(new Web3Client(rpc, cancellationToken));

    public RequestInterceptor? OverridingRequestInterceptor { get; set; }

    public Task<T> SendRequestAsync<T>(RpcRequest request, string? route = null) => AskAsync<T>(request.Method, request.RawParameters);

    public Task<T> SendRequestAsync<T>(string method, string? route = null, params object?[]? paramList) => AskAsync<T>(method, paramList);

    public Task SendRequestAsync(RpcRequest request, string? route = null) => AskAsync<JsonElement>(request.Method, request.RawParameters);

    public Task SendRequestAsync(string method, string? route = null, params object?[]? paramList) => AskAsync<JsonElement>(method, paramList);

    public async Task<RpcResponseMessage> SendAsync(RpcRequestMessage rpcRequestMessage, string? route = null) =>
        new(rpcRequestMessage.Id, await AskAsync<JsonElement>(rpcRequestMessage.Method, rpcRequestMessage.RawParameters as object?[]));

    /// <summary>Not supported: a node may refuse a whole batch where it would accept each call.</summary>
    public Task<RpcRequestResponseBatch> SendBatchRequestAsync(RpcRequestResponseBatch rpcRequestResponseBatch) =>
        throw new NotSupportedException("Batch requests are not supported.");

    public T DecodeResult<T>(RpcResponseMessage rpcResponseMessage) => Decode<T>((JsonElement)rpcResponseMessage.Result);

    private Task<T> AskAsync<T>(string method, object?[]? parameters) => rpc.CallAsync(
        method, Decode<T>, cancellationToken,
        [.. (parameters ?? []).Select(parameter => parameter as JsonNode ?? JsonSerializer.SerializeToNode(parameter, Json))]);

    private static T Decode<T>(JsonElement answer) => answer.Deserialize<T>(Json)!;
}
