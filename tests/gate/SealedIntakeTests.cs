using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CapOrleans.Core.Sealing;

namespace CapOrleans.Tests.Gate;

/// <summary>Bodies that no one between the host and the gate can read.</summary>
[Collection(NodeCollection.Name)]
public sealed class SealedIntakeTests(NodeFixture node) : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task An_incident_sealed_by_another_implementation_is_accepted()
    {
        var incident = node.Incident();
        var file = directory.File("i.json");
        await File.WriteAllBytesAsync(file, incident.Bytes());
        var answer = JsonElement.Parse(await Child.RunAsync("bash", "-c", $"node {Repository.File("tests", "clients", "seal.mjs")} {node.Gate.BaseAddress} < {file}"));
        Assert.Equal((200, """{"status":"received"}"""), (answer.GetProperty("status").GetInt32(), answer.GetProperty("body").GetRawText()));
        var sent = Encoding.Latin1.GetString(Convert.FromBase64String(answer.Text("sent")));
        Assert.DoesNotContain((string)incident["task_id"]!, sent, StringComparison.Ordinal);
        await Eventually.TrueAsync(async () => (await node.Api.GetAsync($"/v1/incidents/SYS-CORE/{incident["task_id"]}")).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Cap_seals_what_it_sends_when_it_knows_the_gate_s_key()
    {
        var cap = new CapCommand(directory.Path, ("VPN_ENDPOINT", new Uri(node.Gate.BaseAddress!, "gate_receive").ToString()));
        var (_, key) = await cap.RunAsync("gate", "key");
        var incident = node.Incident();
        await File.WriteAllBytesAsync(directory.File("i.json"), incident.Bytes());
        var sealing = new CapCommand(directory.Path, ("VPN_ENDPOINT", new Uri(node.Gate.BaseAddress!, "gate_receive").ToString()), ("CAP_GATE_KEY", key));
        var (code, output) = await sealing.RunAsync("send", directory.File("i.json"), "--gate", "--json");
        Assert.True(code == 0, output);
        Assert.Equal("received", JsonElement.Parse(output).Text("status"));
        await Eventually.TrueAsync(async () => (await node.Api.GetAsync($"/v1/incidents/SYS-CORE/{incident["task_id"]}")).IsSuccessStatusCode);

        var wrong = new CapCommand(directory.Path, ("VPN_ENDPOINT", new Uri(node.Gate.BaseAddress!, "gate_receive").ToString()), ("CAP_GATE_KEY", Convert.ToBase64String(X25519PrivateKey.Create().PublicKey)));
        (code, output) = await wrong.RunAsync("send", directory.File("i.json"), "--gate");
        Assert.Equal(2, code); // a wrong setting, not a verdict on the incident
        Assert.Contains("cannot be decrypted", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sealed_body_follows_the_same_rules_and_one_that_does_not_open_is_refused()
    {
        var key = Convert.FromBase64String((await node.Gate.GetFromJsonAsync<JsonElement>("/v1/gate/sealing-key")).Text("key"));
        Assert.Equal((HttpStatusCode.BadRequest, "sealed-body"), await PostAsync("not sealed"u8.ToArray()));
        Assert.Equal((HttpStatusCode.BadRequest, "sealed-body"), await PostAsync([]));
        Assert.Equal((HttpStatusCode.BadRequest, "not-json"), await PostAsync(SealedBody.Seal(key, "{"u8)));
        var unsigned = node.Incident();
        unsigned.Remove("signature");
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(SealedBody.Seal(key, unsigned.Bytes()))).Status);
        var forged = TestIncident.Signed(CapOrleans.Core.Signatures.PrivateKey.Create(), "SYS-CORE", "SEALED-FORGED", TimeProvider.System.GetUtcNow());
        foreach (var inside in (byte[][])[forged.Bytes(), """{"SECRETMEMBER":1,"SECRETMEMBER":2}"""u8.ToArray()])
        {
            using var content = new ByteArrayContent(SealedBody.Seal(key, inside));
            content.Headers.ContentType = new MediaTypeHeaderValue(SealedBody.ContentType);
            using var answer = await node.Gate.PostAsync("/v1/incidents", content);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.DoesNotContain("SECRETMEMBER", text, StringComparison.Ordinal);
            Assert.DoesNotContain((string)forged["signer"]!, text, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(new byte[70_000])).Status);
    }

    private async Task<(HttpStatusCode Status, string Type)> PostAsync(byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(SealedBody.ContentType);
        using var answer = await node.Gate.PostAsync("/v1/incidents", content);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>()).Text("type").Split(':')[^1]);
    }
}
