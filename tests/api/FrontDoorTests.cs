using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace CapOrleans.Tests.Api;

/// <summary>What a service on loopback gives to callers that are not programs of this machine.</summary>
[Collection(NodeCollection.Name)]
public sealed class FrontDoorTests(NodeFixture node)
{
    [Theory]
    [InlineData("")]
    [InlineData("Authorization: ")]
    [InlineData("Authorization: Basic")]
    [InlineData("Authorization: Bearer cap_nobody")]
    [InlineData("Authorization: Basic eDp5")]
    public async Task A_page_with_another_name_for_this_machine_reads_nothing_whatever_it_sends_along(string header)
    {
        foreach (var path in new[] { "/v1/incidents", "/v1/audit", "/v1/gates", "/v1/limits", "/audit_log", "/orleans", "/metrics", "/v1/caps/SYS-CORE" })
        {
            Assert.Contains(await StatusAsync($"GET {path}", "page.example", header), new[] { 401, 403 });
        }

        Assert.Equal(200, await StatusAsync("GET /v1/limits", "localhost"));
    }

    [Theory]
    [InlineData("X-Forwarded-For: 127.0.0.1")]
    [InlineData("x-forwarded-proto: https")]
    [InlineData("Forwarded: for=127.0.0.1")]
    [InlineData("Via: 1.1 proxy")]
    [InlineData("X-Real-IP: 127.0.0.1")]
    public async Task A_request_through_a_proxy_is_not_local(string header)
    {
        Assert.Equal(401, await StatusAsync("GET /v1/incidents", "localhost", header));
        Assert.Equal(401, await StatusAsync("POST /v1/delegations", "localhost", header));
    }

    [Theory]
    [InlineData("Origin: https://page.example")]
    [InlineData("Origin: null")]
    [InlineData("Sec-Fetch-Site: cross-site")]
    [InlineData("Sec-Fetch-Site: same-site")]
    public async Task A_page_of_another_site_sends_nothing_not_even_an_incident(string header)
    {
        foreach (var path in new[] { "/v1/incidents", "/incident", "/v1/incidents:batch", "/v1/operators", "/v1/caps/SYS-CORE/changes" })
        {
            Assert.Equal(403, await StatusAsync($"POST {path}", "localhost", header));
        }
    }

    [Fact]
    public async Task A_thousand_silent_connections_keep_no_caller_from_an_answer()
    {
        var silent = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 1000; i++)
            {
                var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, node.Api.BaseAddress!.Port);
                silent.Add(client);
            }

            Assert.Equal(200, await StatusAsync("GET /health/live", "localhost"));
            Assert.Equal(200, await StatusAsync("GET /v1/limits", "localhost"));
        }
        finally
        {
            silent.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task An_address_whose_connections_are_all_at_work_is_refused_and_still_sees_health()
    {
        using var another = new HttpClient { BaseAddress = node.Api.BaseAddress };
        async Task<string> ProblemAsync()
        {
            using var answer = await another.GetAsync("/v1/limits");
            return answer.IsSuccessStatusCode ? "" : JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("type");
        }

        var busy = new List<TcpClient>();
        try
        {
            // Until one is refused: the server gives up on missing bodies after five seconds, which frees their slots.
            await Eventually.TrueAsync(async () =>
            {
                do
                {
                    var client = new TcpClient();
                    busy.Add(client);
                    await client.ConnectAsync(IPAddress.Loopback, node.Api.BaseAddress!.Port);
                    await client.GetStream().WriteAsync("POST /v1/incidents HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"u8.ToArray());
                }
                while (busy.Count < 1024);

                return await StatusAsync("GET /v1/limits", "localhost") == 503
                    && await ProblemAsync() == "urn:caporleans:problem:too-many-connections";
            });
            Assert.Equal(200, await StatusAsync("GET /health/live", "localhost"));
        }
        finally
        {
            busy.ForEach(client => client.Dispose());
        }

        await Eventually.TrueAsync(async () => await StatusAsync("GET /v1/limits", "localhost") == 200);
    }

    /// <summary>
    /// Sends over a connection of its own, because an HTTP client would correct what is odd about the call.
    /// </summary>
    /// <returns>0 for a connection that was closed without an answer.</returns>
    private async Task<int> StatusAsync(string call, string host, string header = "")
    {
        try
        {
            return await AskAsync(call, host, header);
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            return 0;
        }
    }

    private async Task<int> AskAsync(string call, string host, string header)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, node.Api.BaseAddress!.Port);
        var stream = client.GetStream();
        var more = header.Length == 0 ? "" : $"{header}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{call} HTTP/1.1\r\nHost: {host}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync() is { } line ? int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) : 0;
    }
}
