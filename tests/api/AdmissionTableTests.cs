using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Api;

/// <summary>Every way in which a signed incident can be wrong, and the answer to each.</summary>
[Collection(NodeCollection.Name)]
public sealed class AdmissionTableTests(NodeFixture node) : IAsyncLifetime
{
    private static readonly BigInteger Order = BigInteger.Parse("0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141", NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    private static int count;

    private readonly string capId = $"TABLE-{Interlocked.Increment(ref count)}";
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();
    private readonly PrivateKey reporter = PrivateKey.Create(), early = PrivateKey.Create(), late = PrivateKey.Create(), gone = PrivateKey.Create(), responder = PrivateKey.Create();

    public async Task InitializeAsync()
    {
        using var answer = await node.Operator.PutAsJsonAsync($"/v1/caps/{capId}", new
        {
            keys = new object[]
            {
                new { address = $"{reporter.Address}" },
                new { address = $"{early.Address}", notBefore = now.AddHours(1) },
                new { address = $"{late.Address}", notAfter = now.AddHours(-1) },
                new { address = $"{gone.Address}" },
                new { address = $"{responder.Address}", roles = new[] { "responder", "admin" } },
            },
        });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal((201, ""), await SendAsync(Signed(gone, "BEFORE")));
        using var revoked = await node.Operator.PostAsJsonAsync($"/v1/caps/{capId}/changes", new { change = new { revokeKey = new { address = $"{gone.Address}", reason = "lost" } } });
        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("a valid one", 201, "")]
    [InlineData("unknown CapID", 404, "cap-unknown")]
    [InlineData("unknown key", 403, "signer-not-authorised")]
    [InlineData("key not yet valid", 403, "signer-not-authorised")]
    [InlineData("expired", 403, "signer-not-authorised")]
    [InlineData("signed before the revocation, arrives after it", 403, "signer-not-authorised")]
    [InlineData("signed after the revocation", 403, "signer-not-authorised")]
    [InlineData("accepted before the revocation, sent again after it", 200, "")]
    [InlineData("wrong role", 403, "signer-not-authorised")]
    [InlineData("right key on another CapID", 403, "signer-not-authorised")]
    [InlineData("replay", 200, "")]
    [InlineData("same id, other content", 409, "conflict")]
    [InlineData("identity-v1: same signature, other description", 409, "conflict")]
    [InlineData("full-v2: same signature, other description", 403, "signature-mismatch")]
    [InlineData("full-v2: altered M_E", 403, "signature-mismatch")]
    [InlineData("full-v2: other chain id", 403, "signature-mismatch")]
    [InlineData("high s", 400, "signature-form")]
    [InlineData("v 0 or 1 instead of 27 or 28", 201, "")]
    public async Task An_incident_is_answered_as_its_row_states(string row, int status, string type)
    {
        var incident = await MakeAsync(row);
        Assert.Equal((status, type), await SendAsync(incident));
        if (type.Length > 0)
        {
            Assert.Equal((status, type), await SendAsync(incident)); // a retry gets the same answer
        }

        using var read = await node.Api.GetAsync($"/v1/incidents/{(string)incident["cap_id"]!}/{(string)incident["task_id"]!}");
        var stored = status < 400 || type is "conflict" || row.Contains("same signature", StringComparison.Ordinal) || row.Contains("altered", StringComparison.Ordinal);
        Assert.Equal(stored ? HttpStatusCode.OK : HttpStatusCode.NotFound, read.StatusCode);
    }

    private async Task<JsonObject> MakeAsync(string row)
    {
        switch (row)
        {
            case "unknown CapID": return TestIncident.Signed(reporter, $"{capId}-NONE", "T", now);
            case "unknown key": return Signed(PrivateKey.Create());
            case "key not yet valid": return Signed(early);
            case "expired": return Signed(late);
            case "signed before the revocation, arrives after it": return Signed(gone, at: now.AddMinutes(-10));
            case "signed after the revocation": return Signed(gone, at: TimeProvider.System.GetUtcNow().AddMinutes(1));
            case "accepted before the revocation, sent again after it": return Signed(gone, "BEFORE");
            case "wrong role": return Signed(responder);
            case "right key on another CapID": return TestIncident.Signed(reporter, "SYS-CORE", $"{capId}-T", now);
            case "replay": return await SentAsync(Signed(reporter));
            case "same id, other content":
                await SentAsync(Signed(reporter));
                return TestIncident.Signed(reporter, capId, "T", now, incident => incident["agent"] = "another");
            case "identity-v1: same signature, other description": return Changed(await SentAsync(Signed(reporter)), "description", "something else");
            case "full-v2: same signature, other description": return Changed(await SentAsync(Signed(reporter).SignFull(reporter)), "description", "something else");
            case "full-v2: altered M_E": return Changed(await SentAsync(Signed(reporter).SignFull(reporter)), "m_e", 0.0);
            case "full-v2: other chain id": return Signed(reporter).SignFull(reporter, chainId: 1);
            case "high s": return WithSignature(Signed(reporter), signature => (HighS(signature), signature[64] == 27 ? (byte)28 : (byte)27));
            case "v 0 or 1 instead of 27 or 28": return WithSignature(Signed(reporter), signature => (signature[32..64], (byte)(signature[64] - 27)));
            default: return Signed(reporter);
        }
    }

    private JsonObject Signed(PrivateKey key, string id = "T", DateTimeOffset? at = null) => TestIncident.Signed(key, capId, id, at ?? now);

    private async Task<JsonObject> SentAsync(JsonObject incident)
    {
        Assert.Equal((201, ""), await SendAsync(incident));
        return incident;
    }

    private static JsonObject Changed(JsonObject incident, string member, JsonNode value)
    {
        incident[member] = value;
        return incident;
    }

    private static JsonObject WithSignature(JsonObject incident, Func<byte[], (byte[] S, byte V)> change)
    {
        var signature = Convert.FromHexString(((string)incident["signature"]!)[2..]);
        var (s, v) = change(signature);
        incident["signature"] = "0x" + Convert.ToHexStringLower([.. signature[..32], .. s, v]);
        return incident;
    }

    /// <summary>Returns the other solution of the same equation, n - s, which goes with the opposite parity.</summary>
    private static byte[] HighS(byte[] signature)
    {
        var high = (Order - new BigInteger(signature.AsSpan(32, 32), isUnsigned: true, isBigEndian: true)).ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - high.Length], .. high];
    }

    private async Task<(int Status, string Type)> SendAsync(JsonObject incident)
    {
        using var answer = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        var body = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        return ((int)answer.StatusCode, answer.IsSuccessStatusCode ? "" : body.Text("type").Split(':')[^1]);
    }
}
