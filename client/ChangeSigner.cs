using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Client;

/// <summary>Builds the body of <c>POST /v1/caps/{capId}/changes</c>, a change of a CapID's context.</summary>
internal static class ChangeSigner
{
    public static byte[] Unsigned(ContextChange change) => Bytes(new JsonObject { ["change"] = Node(change) });

    /// <param name="cap">The CapID's current state; the signed change applies to this version only.</param>
    public static byte[] Sign(ContextChange change, CapView cap, PrivateKey key, TimeProvider time)
    {
        var wanted = Node(change);
        using var document = JsonDocument.Parse(wanted.ToJsonString());
        var hash = Convert.ToHexStringLower(SHA256.HashData(Rfc8785.Canonicalize(document.RootElement)));
        var timestamp = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return Bytes(new JsonObject
        {
            ["change"] = wanted,
            ["afterVersion"] = cap.Version,
            ["timestamp"] = timestamp,
            ["signature"] = key.Sign(Authority.Hash(cap.Origin, cap.CapId, cap.Version, timestamp, hash)).ToString(),
        });
    }

    private static JsonNode Node(ContextChange change) => JsonSerializer.SerializeToNode(change, RequestJson.Default.ContextChange)!;

    private static byte[] Bytes(JsonObject body) => Encoding.UTF8.GetBytes(body.ToJsonString());
}
