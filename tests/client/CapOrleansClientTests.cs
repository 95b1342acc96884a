using System.Text.Json.Nodes;
using CapOrleans.Client;
using CapOrleans.Client.Signing;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Gates;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Access;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Client;

/// <summary>The typed client, against a real node.</summary>
[Collection(NodeCollection.Name)]
public sealed class CapOrleansClientTests(NodeFixture node) : IDisposable
{
    private readonly HttpClient http = new(new RetryHandler { InnerHandler = new SocketsHttpHandler() });

    private CapOrleansClient Operator => new(
        http, node.Api.BaseAddress!, new ClientOptions { Token = node.Operator.DefaultRequestHeaders.Authorization!.Parameter });

    public void Dispose() => http.Dispose();

    [Fact]
    public async Task A_CapID_is_registered_reports_is_corrected_and_tells_its_story()
    {
        var (reporter, admin) = (PrivateKey.Create(), PrivateKey.Create());
        var cap = await Operator.DefineCapAsync(
            "CLIENT-1", new CapDefinition(null, 40, null, null, [Key(reporter), Key(admin, "admin")]), default);
        Assert.Equal((1, 40m, 2), (cap.Version, cap.CapPotential, cap.Keys.Count));

        var incident = new JsonObject { ["cap_id"] = "CLIENT-1", ["agent"] = "web", ["severity"] = "high", ["f_e"] = 0.5 };
        IncidentSigner.Sign(incident, reporter, chainId: 31337, TimeProvider.System);
        var open = new CapOrleansClient(http, node.Api.BaseAddress!);
        var accepted = await open.SendIncidentAsync(IncidentSigner.Bytes(incident), default);
        Assert.Equal(accepted, await open.SendIncidentAsync(IncidentSigner.Bytes(incident), default)); // sending it again gives the same receipt
        Assert.Equal("high", (await open.FindIncidentAsync("CLIENT-1", accepted.IncidentId, default))!.Severity);
        Assert.Null(await open.FindIncidentAsync("CLIENT-1", "INC-other", default));

        var next = PrivateKey.Create();
        var changed = await open.ChangeCapAsync("CLIENT-1", new ContextChange(AddKey: Key(next)), admin, default);
        Assert.Equal((2, $"{admin.Address}"), (changed.Version, changed.Keys[^1].AddedBy));
        var corrected = await Operator.CorrectScoreAsync("CLIENT-1", new Correction(accepted.IncidentId, 0, "a false alarm"), default);
        Assert.Equal(0, corrected.Score);
        var steps = await open.ListScoreStepsAsync("CLIENT-1", default).ToListAsync();
        Assert.Equal(["incident.accepted", "score.corrected"], steps.Select(step => step.Kind));
        Assert.Equal(0, steps.Sum(step => step.DeltaCap));
    }

    [Fact]
    public async Task A_batch_has_a_verdict_for_each_line_and_pages_are_read_to_their_end()
    {
        var key = await node.RegisterAsync("CLIENT-2");
        var lines = Enumerable.Range(0, 7).Select(i => TestIncident.Signed(key, "CLIENT-2", $"B-{i}", TimeProvider.System.GetUtcNow()).Bytes());
        var stranger = TestIncident.Signed(PrivateKey.Create(), "CLIENT-2", "B-9", TimeProvider.System.GetUtcNow()).Bytes();
        var client = new CapOrleansClient(http, node.Api.BaseAddress!);
        var answer = await client.SendBatchAsync([.. lines, stranger], default);
        Assert.Equal([201, 201, 201, 201, 201, 201, 201, 403], answer.Verdicts.Select(verdict => verdict.Status));
        Assert.Equal("signer-not-authorised", answer.Verdicts[^1].Problem!.Value.Text("type").Split(':')[^1]);
        var listed = await client.ListIncidentsAsync(new IncidentFilter("CLIENT-2"), default).Select(incident => incident.IncidentId).ToListAsync();
        Assert.Equal(["B-0", "B-1", "B-2", "B-3", "B-4", "B-5", "B-6"], listed);
        var log = (await client.GetReadinessAsync(isDetailed: true, default)).Logs!.Single(log =>
            log.Origin == answer.Verdicts[0].Incident!.Log.Origin).Log;
        var entries = await client.ListEntriesAsync(log, answer.Verdicts[0].Incident!.Log.Index - 1, default).ToListAsync();
        Assert.Equal(answer.Verdicts[0].Incident!.Log.LeafHash, entries[0].LeafHash);
    }

    [Fact]
    public async Task Operator_calls_work()
    {
        var key = await Operator.CreateApiKeyAsync("client-test", "read", default);
        Assert.Contains(await Operator.ListApiKeysAsync(default), listed => listed.Id == key.Id && listed.Key is null);
        await Operator.RevokeApiKeyAsync(key.Id, default);
        var gone = await Assert.ThrowsAsync<ProblemException>(() => Operator.RevokeApiKeyAsync("none", default));
        Assert.Equal((404, "key-unknown", "id", false), (gone.Status, gone.Problem.Name, gone.Problem.Field, gone.IsRetryable));

        await Operator.AddGateAsync("client-gate", $"{PrivateKey.Create().Address}", default);
        Assert.Contains(await Operator.ListGatesAsync(default), gate => gate.Gate == "client-gate");
        var early = new HeartbeatBody("2020-01-01T00:00:00Z", 0, 0, "0x00");
        await Assert.ThrowsAsync<ProblemException>(() => Operator.SendHeartbeatAsync("client-gate", early, default));
        await Operator.RemoveGateAsync("client-gate", default);

        var webhook = await Operator.RegisterWebhookAsync(new WebhookRequest("http://127.0.0.1:9/client-test"), default);
        Assert.NotNull(webhook.Secret);
        Assert.False((await Operator.TestWebhookAsync(webhook.Id, default)).Delivered);
        Assert.NotEqual(webhook.Secret, (await Operator.RotateWebhookSecretAsync(webhook.Id, default)).Secret);
        Assert.Equal("enabled", (await Operator.EnableWebhookAsync(webhook.Id, default)).State);
        await Operator.RemoveWebhookAsync(webhook.Id, default);
        Assert.DoesNotContain(await Operator.ListWebhooksAsync(default), listed => listed.Id == webhook.Id);

        Assert.Contains(await Operator.ListLimitsAsync(default), limit => limit.Name == "batch-bytes");
        var restart = await Assert.ThrowsAsync<ProblemException>(() => Operator.RestartAnchorsAsync(0, default));
        Assert.Equal("no-anchor-conflict", restart.Problem.Name);
    }

    [Fact]
    public async Task Without_a_key_an_operator_s_call_is_a_problem_with_a_name()
    {
        var open = new CapOrleansClient(http, node.Api.BaseAddress!);
        var fault = await Assert.ThrowsAsync<ProblemException>(() => open.ListApiKeysAsync(default));
        Assert.Equal((401, "unauthenticated"), (fault.Status, fault.Problem.Name));
        var wrong = new CapOrleansClient(http, node.Api.BaseAddress!, new ClientOptions { Token = ApiKey.Create().Export() });
        Assert.Equal(401, (await Assert.ThrowsAsync<ProblemException>(() => wrong.ListApiKeysAsync(default))).Status);
    }

    private static KeyDefinition Key(PrivateKey key, string role = "reporter") => new($"{key.Address}", [role], null, null);
}
