using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace CapOrleans.Tests.Api;

/// <summary>Who may operate: API keys and their scopes.</summary>
[Collection(NodeCollection.Name)]
public sealed class OperatorTests(NodeFixture node)
{
    [Theory]
    [InlineData("read", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("operate", HttpStatusCode.Created, HttpStatusCode.Forbidden)]
    [InlineData("admin", HttpStatusCode.Created, HttpStatusCode.OK)]
    public async Task A_scope_allows_what_it_promises_and_no_more(string scope, HttpStatusCode delegation, HttpStatusCode list)
    {
        using var http = Client((await MakeAsync(scope)).Text("key"));
        using var audited = await http.PostAsJsonAsync("/v1/delegations", new { cap_id = "SYS-CORE" });
        using var listed = await http.GetAsync("/v1/operators");
        using var read = await http.GetAsync("/v1/incidents");
        Assert.Equal((delegation, list, HttpStatusCode.OK), (audited.StatusCode, listed.StatusCode, read.StatusCode));
    }

    [Fact]
    public async Task A_key_is_shown_once_and_holds_until_it_is_revoked()
    {
        var made = await MakeAsync("admin");
        using var http = Client(made.Text("key"));
        var listed = await http.GetStringAsync("/v1/operators");
        Assert.Contains(made.Text("id"), listed, StringComparison.Ordinal);
        Assert.DoesNotContain(made.Text("key")[13..], listed, StringComparison.Ordinal);
        Assert.DoesNotContain("hash", listed, StringComparison.OrdinalIgnoreCase);
        using var revoked = await http.DeleteAsync($"/v1/operators/{made.Text("id")}");
        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        using var refused = await http.GetAsync("/v1/operators");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        using var again = await node.Operator.DeleteAsync($"/v1/operators/{made.Text("id")}");
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
        using var unknown = await node.Operator.DeleteAsync("/v1/operators/nobody");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task A_browser_gives_the_key_as_a_password_and_a_guess_gets_nothing()
    {
        var key = (await MakeAsync("admin")).Text("key");
        foreach (var (password, status) in new[] { (key, HttpStatusCode.OK), (key[..^1] + (key[^1] == '0' ? '1' : '0'), HttpStatusCode.Unauthorized) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/operators");
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"me:{password}")));
            using var answer = await node.Api.SendAsync(request);
            Assert.Equal(status, answer.StatusCode);
        }
    }

    [Fact]
    public async Task An_invalid_key_is_refused_even_where_none_is_needed()
    {
        using var open = await node.Api.GetAsync("/v1/incidents?limit=1");
        using var wrong = Client("cap_0000000000000000000000000000000000000000000000000000000000000000");
        using var refused = await wrong.GetAsync("/v1/incidents?limit=1");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (open.StatusCode, refused.StatusCode));
    }

    [Fact]
    public async Task A_token_of_the_OpenID_provider_reaches_as_far_as_its_scope()
    {
        var issuer = node.Issuer;
        foreach (var (token, status) in new[]
        {
            (issuer.Token("profile admin"), HttpStatusCode.OK),
            (issuer.Token("read"), HttpStatusCode.Forbidden),
            (issuer.Token("profile"), HttpStatusCode.Forbidden),
            (issuer.Token("read", claim: ("cap-scope", "Admin")), HttpStatusCode.Forbidden),
            (issuer.Token("", claim: ("cap-scope", "99")), HttpStatusCode.Forbidden),
            (issuer.Token("admin", audience: "another"), HttpStatusCode.Unauthorized),
            (issuer.Token("admin", until: TimeProvider.System.GetUtcNow().AddHours(-1)), HttpStatusCode.Unauthorized),
            (issuer.Token("admin", otherKey: true), HttpStatusCode.Unauthorized),
            (issuer.Token("admin", until: TimeProvider.System.GetUtcNow().AddMinutes(-2)), HttpStatusCode.Unauthorized),
            (issuer.Token("admin", type: "at+jwt"), HttpStatusCode.OK),
            (issuer.Token("admin", type: "logout+jwt"), HttpStatusCode.Unauthorized),
            (issuer.Token("admin", critical: "b64"), HttpStatusCode.Unauthorized),
            (issuer.Token("admin", subject: null), HttpStatusCode.Unauthorized),
            (issuer.Token("admin", subject: new string('a', 257)), HttpStatusCode.Unauthorized),
            (issuer.Token("admin", subject: "some\u202ebody"), HttpStatusCode.Unauthorized),
            (issuer.Token("admin", issuer: "http://127.0.0.1:1/"), HttpStatusCode.Unauthorized),
            ("e30.e30.", HttpStatusCode.Unauthorized),
            ("a.b.c", HttpStatusCode.Unauthorized),
        })
        {
            using var http = Client(token);
            using var answer = await http.GetAsync("/v1/operators");
            Assert.Equal(status, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("""{"name":"","scope":"read"}""", "name")]
    [InlineData("""{"name":"\u202eevil","scope":"read"}""", "name")]
    [InlineData("""{"name":"ad\u00admin","scope":"read"}""", "name")]
    [InlineData("""{"name":" ","scope":"read"}""", "name")]
    [InlineData("""{"name":"admin\u00a0","scope":"read"}""", "name")]
    [InlineData("""{"name":"x","scope":"root"}""", "scope")]
    [InlineData("""{"scope":"read"}""", "name")]
    public async Task A_key_that_cannot_be_made_is_refused(string body, string field)
    {
        using var refused = await node.Operator.PostAsync("/v1/operators", NodeFixture.Json(Encoding.UTF8.GetBytes(body)));
        Assert.Equal((HttpStatusCode.BadRequest, field), (refused.StatusCode, JsonElement.Parse(await refused.Content.ReadAsStringAsync()).Text("field")));
    }

    private async Task<JsonElement> MakeAsync(string scope)
    {
        using var answer = await node.Operator.PostAsJsonAsync("/v1/operators", new { name = "test", scope });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync());
    }

    private HttpClient Client(string key)
    {
        var http = new HttpClient { BaseAddress = node.Api.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http;
    }
}
