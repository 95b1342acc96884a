using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CapOrleans.Cli.Ipfs;

/// <summary>Asks a node where CIDs are: it looks in its store, at its IPFS node and at its gateways.</summary>
internal static class PlaceCheck
{
    /// <summary>One line for each CID.</summary>
    /// <returns>Refused when a CID is at no place, unreachable when a place that may have it could not be asked.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> cids, CancellationToken cancellationToken)
    {
        using var request = CapClient.Operator(new HttpRequestMessage(HttpMethod.Post, new Uri(CapEnvironment.Api, "v1/archive/check")));
        request.Content = CapClient.Json(Encoding.UTF8.GetBytes(new JsonObject { ["cids"] = new JsonArray([.. cids.Select(cid => JsonValue.Create(cid))]) }.ToJsonString()));
        var answer = await CapClient.SendAsync(request, cancellationToken);
        var codes = CapClient.Read(answer, body => body.GetProperty("items").EnumerateArray().Select(Tell).ToList());
        return codes.Contains(ExitCodes.Refused) ? ExitCodes.Refused : codes.Contains(ExitCodes.Unreachable) ? ExitCodes.Unreachable : ExitCodes.Done;
    }

    private static int Tell(JsonElement item)
    {
        var places = item.GetProperty("places").EnumerateArray().ToList();
        Answer.Tell(JsonNode.Parse(item.GetRawText())!, Printable.Line($"{item.GetProperty("cid").GetString()}: {string.Join(", ", places.Select(Describe))}"));
        var results = places.Select(place => place.GetProperty("result").GetString()).ToList();
        return results.Contains("ok") ? ExitCodes.Done : results.Contains("unknown") ? ExitCodes.Unreachable : ExitCodes.Refused;
    }

    private static string Describe(JsonElement place)
    {
        var (reason, status) = (place.GetProperty("reason").GetString(), place.GetProperty("status"));
        var why = string.Join(' ', new[] { status.ValueKind == JsonValueKind.Number ? status.GetRawText() : null, reason == "status" ? null : reason }.OfType<string>());
        return $"{place.GetProperty("place").GetString()} {place.GetProperty("result").GetString()}{(why.Length == 0 ? "" : $" ({why})")}";
    }
}
