using CapOrleans.Gate;
using CapOrleans.Gate.Settings;
using Microsoft.AspNetCore.Http;

namespace CapOrleans.Tests.Gate;

public sealed class GateAccessTests : IDisposable
{
    private readonly KeyCluster cluster = new();

    public void Dispose() => cluster.Dispose();

    [Theory]
    [InlineData("127.0.0.1:8989", "", "", true)]
    [InlineData("localhost", "", "", true)]
    [InlineData("[::1]:8989", "", "", true)]
    [InlineData("gate.example", "", "", false)]
    [InlineData("gate.example", "Authorization", "", false)]
    [InlineData("gate.example", "Authorization", "Bearer ", false)]
    [InlineData("127.0.0.1", "Forwarded", "for=192.0.2.1", false)]
    [InlineData("127.0.0.1", "X-Forwarded-For", "192.0.2.1", false)]
    [InlineData("127.0.0.1", "x-forwarded-host", "gate.example", false)]
    [InlineData("127.0.0.1", "Via", "1.1 proxy", false)]
    [InlineData("127.0.0.1", "X-Real-IP", "192.0.2.1", false)]
    public void Without_a_token_an_open_gate_answers_this_machine_alone(string host, string header, string value, bool isOperator)
    {
        var request = Request(host);
        if (header.Length > 0)
        {
            request.Headers[header] = value;
        }

        Assert.Equal(isOperator, GateAccess.IsOperator(request, cluster.Options));
        Assert.False(GateAccess.IsOperator(request, cluster.Options with { IsOpen = false }));
    }

    [Fact]
    public void The_gate_s_token_opens_it_from_anywhere_and_nothing_else_does()
    {
        var options = cluster.Options with { IsOpen = false, ApiKey = () => "cap_key" };
        var request = Request("gate.example");
        request.Headers["Via"] = "1.1 proxy";
        foreach (var (given, isOperator) in new[]
        {
            ($"Bearer {options.Token.Export()}", true), ($"bearer {options.Token.Export()} ", true),
            ($"Basic {options.Token.Export()}", false), ($"Bearer {GateToken.Create().Export()}", false), ("Bearer cap_key", false), ("Bearer", false), (options.Token.Export(), false),
        })
        {
            request.Headers.Authorization = given;
            Assert.Equal(isOperator, GateAccess.IsOperator(request, options));
        }
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("DELETE")]
    [InlineData("PUT")]
    public void Calls_that_change_something_need_the_token_on_loopback_too(string method)
    {
        var request = Request("127.0.0.1:8989");
        request.Method = method;
        Assert.False(GateAccess.IsOperator(request, cluster.Options));
        request.Headers.Authorization = $"Bearer {cluster.Options.Token.Export()}";
        Assert.True(GateAccess.IsOperator(request, cluster.Options));
    }

    [Theory]
    [InlineData("Origin", "https://page.example", true)]
    [InlineData("Sec-Fetch-Site", "cross-site", true)]
    [InlineData("Origin", "http://127.0.0.1:8989", false)]
    [InlineData("Accept", "*/*", false)]
    public void A_page_of_another_site_reads_nothing_without_the_token(string header, string value, bool isOfAPage)
    {
        var request = Request("127.0.0.1:8989");
        (request.Scheme, request.Headers[header]) = ("http", value);
        Assert.Equal(isOfAPage, GateAccess.IsForbiddenPageRequest(request, cluster.Options));
        request.Headers.Authorization = $"Bearer {cluster.Options.Token.Export()}";
        Assert.False(GateAccess.IsForbiddenPageRequest(request, cluster.Options));
    }

    [Fact]
    public void A_token_is_read_back_and_never_printed()
    {
        var token = GateToken.Create();
        Assert.Matches("^gate_[0-9a-f]{64}$", token.Export());
        Assert.True(GateToken.TryParse(token.Export(), out var read) && read.Is(token.Export()));
        Assert.Equal("[secret]", $"{token}");
        Assert.False(GateToken.TryParse("", out _));
        Assert.False(GateToken.TryParse(token.Export().ToUpperInvariant(), out _));
        Assert.False(GateToken.TryParse(token.Export()[1..], out _));
    }

    private static HttpRequest Request(string host)
    {
        var request = new DefaultHttpContext { Connection = { RemoteIpAddress = System.Net.IPAddress.Loopback } }.Request;
        (request.Method, request.Host) = ("GET", new HostString(host));
        return request;
    }
}
