using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace CapOrleans.Tests.Api.Reads;

[Collection(NodeCollection.Name)]
public sealed class IncidentListTests(NodeFixture node)
{
    [Fact]
    public async Task Incidents_are_listed_newest_first_by_listed_severities_or_from_one_up_in_any_case()
    {
        var key = await node.RegisterAsync("LIST-1");
        string[] severities = ["normal", "critical", "high", "escalated", "critical"];
        foreach (var (severity, number) in severities.Select((severity, number) => (severity, number)))
        {
            using var sent = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(
                key, "LIST-1", $"L-{number}", TimeProvider.System.GetUtcNow(), incident => incident["severity"] = severity)));
            Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
        }

        Assert.Equal("43210", await ListAsync("order=newest"));
        Assert.Equal("01234", await ListAsync("order=oldest"));
        Assert.Equal("4321", await ListAsync("order=newest&minSeverity=High"));
        Assert.Equal("134", await ListAsync("minSeverity=escalated"));
        Assert.Equal("421", await ListAsync("order=newest&severity=high,CRITICAL"));
        Assert.Equal("124", await ListAsync("severity=high&severity=critical&from=2026-01-01T00:00:00Z"));

        async Task<string> ListAsync(string query)
        {
            var (ids, cursor, path) = ("", (string?)"", $"/v1/incidents?cap=LIST-1&limit=2&{query}");
            while (cursor is not null)
            {
                var page = await node.Api.GetFromJsonAsync<JsonElement>(cursor.Length == 0 ? path : $"{path}&cursor={cursor}");
                ids += string.Concat(page.GetProperty("items").EnumerateArray().Select(item => item.Text("incidentId")[2..]));
                cursor = page.GetProperty("next").GetString();
            }

            return ids;
        }
    }

    [Theory]
    [InlineData("severity=critcal", "severity")]
    [InlineData("severity=high,", "severity")]
    [InlineData("minSeverity=all", "minSeverity")]
    [InlineData("severity=high&minSeverity=high", "minSeverity")]
    [InlineData("order=latest", "order")]
    [InlineData("order=newest&cursor=17", "cursor")]
    [InlineData("Severity=high", "Severity")]
    public async Task An_invalid_filter_is_refused_by_name(string query, string field)
    {
        using var answer = await node.Api.GetAsync($"/v1/incidents?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(field, JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("field"));
    }

    [Fact]
    public async Task An_incident_shows_its_corrections_by_itself_and_in_a_list()
    {
        var key = await node.RegisterAsync("LIST-2");
        foreach (var id in (string[])["C-1", "C-2"])
        {
            using var sent = await node.Api.PostAsync(
                "/v1/incidents", NodeFixture.Json(TestIncident.Signed(key, "LIST-2", id, TimeProvider.System.GetUtcNow())));
            Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
        }

        foreach (var delta in (decimal[])[0m, 0.5m])
        {
            using var corrected = await node.Operator.PostAsJsonAsync(
                "/v1/caps/LIST-2/corrections", new { incidentId = "C-2", deltaCap = delta, reason = "maintenance" });
            Assert.Equal(HttpStatusCode.OK, corrected.StatusCode);
        }

        var alone = await node.Api.GetFromJsonAsync<JsonElement>("/v1/incidents/LIST-2/C-2");
        var listed = (await node.Api.GetFromJsonAsync<JsonElement>("/v1/incidents?cap=LIST-2")).GetProperty(
            "items").EnumerateArray().ToList();
        foreach (var incident in (JsonElement[])[alone, listed[1]])
        {
            var corrections = incident.GetProperty("corrections").EnumerateArray().ToList();
            Assert.Equal([0m, 0.5m], corrections.Select(correction => correction.GetProperty("deltaCap").GetDecimal()));
            Assert.Equal(0.5m - incident.GetProperty("deltaCap").GetDecimal(), corrections.Sum(correction => correction.GetProperty(
                "adjustment").GetDecimal()));
            Assert.Equal("maintenance", corrections[0].Text("reason"));
        }

        Assert.Empty(listed[0].GetProperty("corrections").EnumerateArray());
    }

    [Fact]
    public async Task CapIDs_are_listed_page_by_page_in_order()
    {
        _ = await node.RegisterAsync("LIST-3");
        _ = await node.RegisterAsync("LIST-4");
        var (ids, after) = (new List<string>(), (string?)"");
        while (after is not null)
        {
            var page = await node.Api.GetFromJsonAsync<JsonElement>(after.Length == 0 ? "/v1/caps?limit=1"
                : $"/v1/caps?limit=1&after={after}");
            var cap = Assert.Single(page.GetProperty("items").EnumerateArray());
            Assert.Equal(cap.Text("capId") == "LIST-3" ? 1 : cap.GetProperty("keys").GetInt32(), cap.GetProperty("keys").GetInt32());
            ids.Add(cap.Text("capId"));
            after = page.GetProperty("next").GetString();
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.Superset(new HashSet<string>(["LIST-3", "LIST-4", "SYS-CORE"]), ids.ToHashSet());
        using var refused = await node.Api.GetAsync("/v1/caps?after=a%20b");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }
}
