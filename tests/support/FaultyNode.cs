using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CapOrleans.Tests.Support;

/// <summary>A proxy in front of a real node that injects faults which a real node cannot be made to show.</summary>
public sealed class FaultyNode() : DelegatingHandler(new SocketsHttpHandler())
{
    private readonly Lock gate = new();
    private readonly List<string> asked = [];

    /// <summary>
    /// Answers instead of the node; null lets the call through. Takes the method, its parameters, and the number of
    /// earlier calls of the method.
    /// </summary>
    public Func<string, JsonElement, int, HttpResponseMessage?>? Before { get; set; }

    /// <summary>
    /// Whether the node's answer is lost on its way back. Takes the method and the number of earlier calls of it.
    /// </summary>
    public Func<string, int, bool>? LosesAnswer { get; set; }

    /// <summary>Runs before a call is answered. Takes its method.</summary>
    public Func<string, Task>? Meanwhile { get; set; }

    /// <summary>Runs after the node has answered. Takes the method.</summary>
    public Func<string, Task>? After { get; set; }

    /// <summary>Modifies the node's answer. Takes the method and the answer.</summary>
    public Action<string, JsonNode>? Changes { get; set; }

    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (gate)
            {
                return [.. asked];
            }
        }
    }

    public static HttpResponseMessage Error(int code, string message) => Json(
        new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["error"] = new JsonObject { ["code"] = code, ["message"] = message } });

    public static HttpResponseMessage Result(JsonNode? result) => Json(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["result"] = result });

    private static HttpResponseMessage Json(JsonObject body) =>
        new(HttpStatusCode.OK) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!.AsObject();
        var method = (string)body["method"]!;
        int before;
        lock (gate)
        {
            before = asked.Count(other => other == method);
            asked.Add(method);
        }

        if (Meanwhile is not null)
        {
            await Meanwhile(method);
        }

        if (Before?.Invoke(method, JsonElement.Parse(body["params"]!.ToJsonString()), before) is { } instead)
        {
            return instead;
        }

        var answer = await base.SendAsync(request, cancellationToken);
        if (After is not null)
        {
            await After(method);
        }

        if (Changes is not null)
        {
            var changed = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!;
            Changes(method, changed);
            answer.Content = new StringContent(changed.ToJsonString(), Encoding.UTF8, "application/json");
        }

        if (LosesAnswer?.Invoke(method, before) != true)
        {
            return answer;
        }

        answer.Dispose();
        throw new HttpRequestException("The connection was reset.");
    }
}
