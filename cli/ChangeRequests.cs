using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Caps;

namespace CapOrleans.Cli;

/// <summary>Asks for a change of a CapID: signed with an admin key of it, or with the operator's token.</summary>
internal static class ChangeRequests
{
    public static Argument<string> CapIdArgument() => new("CAPID") { Description = "The CapID" };

    public static Option<string?> AdminKeyOption() => new("--admin-key") { Description = "File with an admin key of the CapID that signs the change; without it, the operator's token is used" };

    /// <returns>The CapID as it is now.</returns>
    public static async Task<JsonElement> SendAsync(string capId, JsonObject change, string? adminKey, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["change"] = change };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(CapEnvironment.Api, $"v1/caps/{Uri.EscapeDataString(capId)}/changes"));
        if (adminKey is null)
        {
            CapClient.Operator(request);
        }
        else
        {
            var key = CapEnvironment.Key(adminKey);
            var (version, origin) = await ContextAsync(capId, cancellationToken);
            var timestamp = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            using var document = JsonDocument.Parse(change.ToJsonString());
            var hash = Convert.ToHexStringLower(SHA256.HashData(Rfc8785.Canonicalize(document.RootElement)));
            body["afterVersion"] = version;
            body["timestamp"] = timestamp;
            body["signature"] = key.Sign(Authority.Hash(origin, capId, version, timestamp, hash)).ToString();
        }

        request.Content = CapClient.Json(Encoding.UTF8.GetBytes(body.ToJsonString()));
        return await CapClient.SendAsync(request, cancellationToken);
    }

    public static Task<JsonElement> ReadAsync(string capId, CancellationToken cancellationToken) =>
        CapClient.ReadAsync(new Uri(CapEnvironment.Api, $"v1/caps/{Uri.EscapeDataString(capId)}"), cancellationToken);

    private static async Task<(long Version, string Origin)> ContextAsync(string capId, CancellationToken cancellationToken)
    {
        var cap = await ReadAsync(capId, cancellationToken);
        return CapClient.Read<(long, string)>(cap, json => (json.GetProperty("version").GetInt64(), json.GetProperty("origin").GetString() ?? throw new FormatException()));
    }
}
