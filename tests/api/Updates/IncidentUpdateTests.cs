using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Api.Updates;

/// <summary>Updates of an incident after its acceptance.</summary>
[Collection(NodeCollection.Name)]
public sealed class IncidentUpdateTests(NodeFixture node)
{
    private static int count;

    private readonly string capId = $"UPDATE-{Interlocked.Increment(ref count)}";
    private readonly PrivateKey responder = PrivateKey.Create(), admin = PrivateKey.Create();
    private PrivateKey reporter = null!;

    [Fact]
    public async Task An_operator_acknowledges_resolves_and_reopens_and_each_is_an_entry_once()
    {
        await FileAsync("I-1");
        Assert.Equal("open", (await ReadAsync("I-1")).Text("state"));
        foreach (var (action, state) in ((string, string)[])[("acknowledge", "acknowledged"), ("acknowledge", "acknowledged"),
            ("resolve", "resolved"), ("resolve", "resolved"), ("reopen", "open"), ("reopen", "open"), ("response", "open")])
        {
            using var answer = await node.Operator.PostAsJsonAsync($"/v1/incidents/{capId}/I-1/{action}", new { note = $"to {action}" });
            Assert.Equal((HttpStatusCode.OK, state), (answer.StatusCode, JsonElement.Parse(
                await answer.Content.ReadAsStringAsync()).Text("state")));
        }

        var incident = await ReadAsync("I-1");
        var updates = incident.GetProperty("updates").EnumerateArray().ToList();
        Assert.Equal(["acknowledge", "resolve", "reopen", "respond"], updates.Select(update => update.Text("action")));
        Assert.All(updates, update => Assert.StartsWith("key:", update.Text("by"), StringComparison.Ordinal));
        Assert.Equal("to acknowledge", updates[0].Text("note"));
        var listed = (await node.Api.GetFromJsonAsync<JsonElement>($"/v1/incidents?cap={capId}")).GetProperty("items")[0];
        Assert.Equal(updates[^1].GetRawText(), Assert.Single(listed.GetProperty("updates").EnumerateArray()).GetRawText());
        Assert.Equal((4, "open"), (listed.GetProperty("updateCount").GetInt32(), listed.Text("state")));
    }

    [Fact]
    public async Task Notes_are_kept_and_late_acknowledgements_refused()
    {
        await FileAsync("I-1");
        foreach (var (action, note) in ((UpdateAction, string?)[])[(UpdateAction.Acknowledge, "first"), (UpdateAction.Acknowledge,
            "second"),
            (UpdateAction.Acknowledge, null), (UpdateAction.Resolve, null), (UpdateAction.Resolve, "it was the disk")])
        {
            Assert.Equal(HttpStatusCode.OK, (await SignAsync(responder, "I-1", action, note)).Status);
        }

        using var late = await node.Operator.PostAsJsonAsync($"/v1/incidents/{capId}/I-1/acknowledge", new { note = "taking over" });
        Assert.Equal((HttpStatusCode.Conflict, "urn:caporleans:problem:incident-resolved"),
            (late.StatusCode, JsonElement.Parse(await late.Content.ReadAsStringAsync()).Text("type")));
        Assert.Equal(["acknowledge first", "acknowledge second", "resolve ", "resolve it was the disk"],
            (await ReadAsync("I-1")).GetProperty("updates").EnumerateArray().Select(update =>
                $"{update.Text("action")} {update.GetProperty("note")}"));
    }

    [Fact]
    public async Task A_responder_signs_updates_but_reporters_may_only_resolve_and_admins_only_respond()
    {
        await FileAsync("I-1");
        Assert.Equal((HttpStatusCode.OK, "acknowledged"), await SignAsync(responder, "I-1", UpdateAction.Acknowledge));
        Assert.Equal(responder.Address.ToString(), (await ReadAsync("I-1")).GetProperty("updates")[0].Text("by"));
        foreach (var (key, action, status) in ((PrivateKey, UpdateAction, HttpStatusCode)[])[
            (reporter, UpdateAction.Acknowledge, HttpStatusCode.Forbidden), (reporter, UpdateAction.Reopen, HttpStatusCode.Forbidden),
            (reporter, UpdateAction.Respond, HttpStatusCode.Forbidden), (admin, UpdateAction.Resolve, HttpStatusCode.Forbidden),
            (PrivateKey.Create(), UpdateAction.Resolve, HttpStatusCode.Forbidden), (admin, UpdateAction.Respond, HttpStatusCode.OK),
            (reporter, UpdateAction.Resolve, HttpStatusCode.OK)])
        {
            Assert.Equal(status, (await SignAsync(key, "I-1", action, "a note")).Status);
        }

        Assert.Equal("resolved", (await ReadAsync("I-1")).Text("state"));

        // A signature for one incident is not valid for another, nor for another action.
        await FileAsync("I-2");
        var body = await SignedAsync(responder, "I-2", UpdateAction.Resolve);
        foreach (var path in (string[])["I-1/resolve", "I-2/reopen", "I-2/acknowledge"])
        {
            using var answer = await node.Api.PostAsJsonAsync($"/v1/incidents/{capId}/{path}", body);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode); // although I-1 is resolved already, and I-2 open
        }

        Assert.Equal("open", (await ReadAsync("I-2")).Text("state"));
    }

    [Fact]
    public async Task A_replayed_update_changes_nothing()
    {
        await FileAsync("I-1");
        var resolve = await SignedAsync(responder, "I-1", UpdateAction.Resolve);
        using var first = await node.Api.PostAsJsonAsync($"/v1/incidents/{capId}/I-1/resolve", resolve);
        await SignAsync(responder, "I-1", UpdateAction.Reopen);
        using var again = await node.Api.PostAsJsonAsync($"/v1/incidents/{capId}/I-1/resolve", resolve);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, again.StatusCode));

        // However the signature is spelt.
        var (signature, timestamp) = (JsonSerializer.SerializeToElement(resolve).Text("signature"), JsonSerializer.SerializeToElement(
            resolve).Text("timestamp"));
        foreach (var spelling in (string[])[signature[2..], $"0x{signature[2..].ToUpperInvariant()}",
            $"{signature[..^2]}{(signature[^1] == 'b' ? "00" : "01")}"])
        {
            using var other = await node.Api.PostAsJsonAsync($"/v1/incidents/{capId}/I-1/resolve", new { timestamp, signature = spelling });
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        }

        Assert.Equal("open", (await ReadAsync("I-1")).Text("state"));
    }

    [Theory]
    [InlineData("acknowledge", """{"note":""}""", 400, "note")]
    [InlineData("response", "{}", 400, "note")]
    [InlineData("acknowledge", """{"note":"a\nb"}""", 400, "note")]
    [InlineData("acknowledge", """{"timestamp":"2026-11-30T00:00:00Z"}""", 400, "timestamp")]
    [InlineData("acknowledge", """{"signature":"0x00"}""", 400, "timestamp")]
    [InlineData("acknowledge", """{"signature":"0x00","timestamp":"2020-01-01T00:00:00Z"}""", 400, "timestamp")]
    [InlineData("acknowledge", """{"by":"me"}""", 400, "by")]
    [InlineData("acknowledge", "[]", 400, "")]
    public async Task What_is_no_update_is_refused_by_name(string path, string body, int status, string field)
    {
        await FileAsync("I-1");
        using var answer = await node.Operator.PostAsync($"/v1/incidents/{capId}/I-1/{path}", new StringContent(body, null,
            "application/json"));
        var problem = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal((status, field), ((int)answer.StatusCode, problem.Text("field")));
    }

    [Fact]
    public async Task Nothing_is_updated_without_a_key_or_a_signature_or_an_incident()
    {
        await FileAsync("I-1");
        using var stranger = await node.Api.PostAsJsonAsync($"/v1/incidents/{capId}/I-1/resolve", new { });
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        foreach (var path in (string[])[$"{capId}/NONE", "NOBODY/I-1", "a%20b/I-1"])
        {
            using var unknown = await node.Operator.PostAsJsonAsync($"/v1/incidents/{path}/resolve", new { });
            Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        }

        Assert.Equal("open", (await ReadAsync("I-1")).Text("state"));
    }

    [Fact]
    public async Task A_key_s_updates_per_minute_are_limited()
    {
        for (var i = 0; i < 10; i++)
        {
            await FileAsync($"I-{i}");
        }

        // One more is allowed per second: on a slow machine it takes more than 60 until one is refused.
        var (said, refused) = (0, "");
        for (; said < 200 && refused.Length == 0; said++)
        {
            refused = await RefusalAsync($"I-{said / 20}", $"note {said}");
        }

        Assert.InRange(said, 61, 199);
        Assert.Equal("TooManyRequests urn:caporleans:problem:too-many-updates", refused);
        Assert.Equal("Conflict urn:caporleans:problem:updates-full", await RefusalAsync("I-0", "one more"));

        async Task<string> RefusalAsync(string id, string note)
        {
            using var answer = await node.Api.PostAsJsonAsync(
                $"/v1/incidents/{capId}/{id}/response", await SignedAsync(responder, id, UpdateAction.Respond, note));
            return answer.StatusCode == HttpStatusCode.OK ? ""
                : $"{answer.StatusCode} {JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("type")}";
        }

        // The limits of keys never shut an operator out.
        using var more = await node.Operator.PostAsJsonAsync($"/v1/incidents/{capId}/I-0/resolve", new { note = "done" });
        Assert.Equal(HttpStatusCode.OK, more.StatusCode);
    }

    [Fact]
    public async Task Webhooks_are_notified_of_updates_and_legacy_ones_are_not()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var legacy = await WebhookReceiver.StartAsync();
        await FileAsync("I-0");
        foreach (var (url, format) in ((string, string)[])[(receiver.Url, "cloudevents"), (legacy.Url, "legacy")])
        {
            using var made = await node.Operator.PostAsJsonAsync("/v1/webhooks", new { url, format, caps = capId, ordered = true });
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        }

        await FileAsync("I-1");
        await SignAsync(responder, "I-1", UpdateAction.Acknowledge, "on it");
        await SignAsync(responder, "I-1", UpdateAction.Resolve);
        await FileAsync("I-2");
        var events = new List<JsonElement>();
        for (var i = 0; i < 4; i++)
        {
            events.Add((await receiver.NextAsync()).Body);
        }

        Assert.Equal(["accepted", "acknowledged", "resolved", "accepted"], events.Select(one => one.Text("type").Split('.')[^1]));
        Assert.Equal(("on it", responder.Address.ToString()), (events[1].GetProperty("data").Text("note"), events[1].GetProperty(
            "data").Text("by")));
        Assert.Equal($"{capId}/I-1", events[2].Text("subject"));
        Assert.Equal(["I-1", "I-2"], [(await legacy.NextAsync()).Body.Text("incident_id"), (await legacy.NextAsync()).Body.Text(
            "incident_id")]);
        foreach (var webhook in (await node.Operator.GetFromJsonAsync<JsonElement>("/v1/webhooks")).EnumerateArray()
            .Where(webhook => webhook.Text("url") == receiver.Url || webhook.Text("url") == legacy.Url))
        {
            using var removed = await node.Operator.DeleteAsync($"/v1/webhooks/{webhook.Text("id")}");
        }
    }

    [Fact]
    public async Task A_recovery_resolves_what_the_hook_reported_before_and_nothing_else()
    {
        const string Failure = "NGINXFAIL-0123456789ab", Other = "DISKFAIL-0123456789ab", Recovery = "NGINXOK-0123456789ab";
        await FileAsync(Failure);
        await FileAsync(Other);
        var neighbour = PrivateKey.Create();
        using var added = await node.Operator.PostAsJsonAsync($"/v1/caps/{capId}/changes",
            new { change = new { addKey = new { address = neighbour.Address.ToString() } } });
        var foreign = TestIncident.Signed(neighbour, capId, "DISKOK-0123456789ab", TimeProvider.System.GetUtcNow());
        var lonely = TestIncident.Signed(reporter, capId, "LONELYOK-0123456789ab", TimeProvider.System.GetUtcNow());
        var recovery = TestIncident.Signed(reporter, capId, Recovery, TimeProvider.System.GetUtcNow());
        using var batch = await node.Api.PostAsync("/v1/incidents:batch", new StringContent(
            $"{foreign.ToJsonString()}\n{lonely.ToJsonString()}\n{recovery.ToJsonString()}\n", null, "application/x-ndjson"));
        Assert.DoesNotContain("\"problem\":{", await batch.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("open", (await ReadAsync(Other)).Text("state"));
        Assert.Equal("open", (await ReadAsync(Recovery)).Text("state"));
        var resolved = await ReadAsync(Failure);
        Assert.Equal(("resolved", Recovery), (resolved.Text("state"), resolved.GetProperty("updates")[0].Text("recovery")));

        // Sent again, it changes nothing; nor does it resolve again what was reopened.
        using var again = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(recovery));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Single((await ReadAsync(Failure)).GetProperty("updates").EnumerateArray());
        await SignAsync(responder, Failure, UpdateAction.Reopen);
        using var later = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(recovery));
        Assert.Equal("open", (await ReadAsync(Failure)).Text("state"));

        // Nor does it resolve what was resolved before it arrived and then reopened.
        const string Third = "WEBFAIL-0123456789ab";
        await FileAsync(Third);
        await SignAsync(responder, Third, UpdateAction.Resolve);
        var late = TestIncident.Signed(reporter, capId, "WEBOK-0123456789ab", TimeProvider.System.GetUtcNow());
        using var over = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(late));
        await SignAsync(responder, Third, UpdateAction.Reopen);
        using var replayed = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(late));
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (over.StatusCode, replayed.StatusCode));
        Assert.Equal("open", (await ReadAsync(Third)).Text("state"));
    }

    [Fact]
    public async Task A_signature_over_another_text_is_answered_with_the_right_text()
    {
        await FileAsync("I-1");
        using var refused = await node.Api.PostAsJsonAsync($"/v1/incidents/{capId}/I-1/response",
            await SignedAsync(responder, "I-1", UpdateAction.Resolve, "planned"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        var text = JsonElement.Parse(await refused.Content.ReadAsStringAsync()).Text("rule").Split("the text to sign is: ")[1];
        var signed = responder.Sign(PersonalSign.Hash(System.Text.Encoding.UTF8.GetBytes(text))).ToString();
        using var taken = await node.Api.PostAsJsonAsync($"/v1/incidents/{capId}/I-1/response",
            new { note = "planned", timestamp = text.Split('|')[5], signature = signed });
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Fact]
    public async Task A_signature_from_before_the_last_change_of_state_is_refused()
    {
        await FileAsync("I-1");
        var resolve = await SignedAsync(responder, "I-1", UpdateAction.Resolve, age: TimeSpan.FromSeconds(9));
        var reopen = await SignedAsync(responder, "I-1", UpdateAction.Reopen, age: TimeSpan.FromSeconds(5));
        foreach (var (action, signed) in ((string, object?)[])[("resolve", null), ("resolve", resolve), ("reopen", null)])
        {
            using var answer = await (signed is null ? node.Operator : node.Api).PostAsJsonAsync(
                $"/v1/incidents/{capId}/I-1/{action}", signed ?? new { });
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await RefusedAsync("resolve", resolve); // replayed by an eavesdropper
        Assert.Equal("open", (await ReadAsync("I-1")).Text("state"));
        Assert.Equal((HttpStatusCode.OK, "resolved"), await SignAsync(responder, "I-1", UpdateAction.Resolve));
        await RefusedAsync("reopen", reopen);
        Assert.Equal("resolved", (await ReadAsync("I-1")).Text("state"));

        async Task RefusedAsync(string action, object signed)
        {
            using var answer = await node.Api.PostAsJsonAsync($"/v1/incidents/{capId}/I-1/{action}", signed);
            Assert.Equal((HttpStatusCode.Conflict, "urn:caporleans:problem:incident-changed"),
                (answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("type")));
        }
    }

    /// <summary>Files an incident of a CapID that has a key for each role.</summary>
    private async Task FileAsync(string id)
    {
        if (reporter is null)
        {
            reporter = await node.RegisterAsync(capId);
            foreach (var (key, role) in ((PrivateKey, string)[])[(responder, "responder"), (admin, "admin")])
            {
                using var added = await node.Operator.PostAsJsonAsync($"/v1/caps/{capId}/changes",
                    new { change = new { addKey = new { address = key.Address.ToString(), roles = new[] { role } } } });
                Assert.Equal(HttpStatusCode.OK, added.StatusCode);
            }
        }

        using var sent = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(
            reporter, capId, id, TimeProvider.System.GetUtcNow(), incident => incident["severity"] = "critical")));
        Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
    }

    private Task<JsonElement> ReadAsync(string id) => node.Api.GetFromJsonAsync<JsonElement>($"/v1/incidents/{capId}/{id}");

    private async Task<(HttpStatusCode Status, string? State)> SignAsync(PrivateKey key, string id, UpdateAction action,
        string? note = null)
    {
        var path = action == UpdateAction.Respond ? "response" : action.Name();
        using var answer = await node.Api.PostAsJsonAsync($"/v1/incidents/{capId}/{id}/{path}", await SignedAsync(key, id, action, note));
        var body = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, answer.IsSuccessStatusCode ? body.Text("state") : null);
    }

    private async Task<object> SignedAsync(PrivateKey key, string id, UpdateAction action, string? note = null, TimeSpan age = default)
    {
        var origin = (await ReadAsync(id)).GetProperty("log").Text("origin");
        var timestamp = (TimeProvider.System.GetUtcNow() - age).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var signature = key.Sign(IncidentUpdates.Hash(origin, capId, id, action, timestamp, note)).ToString();
        return note is null ? new { timestamp, signature } : new { note, timestamp, signature };
    }
}
