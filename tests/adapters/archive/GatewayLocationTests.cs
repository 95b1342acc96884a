using System.Net;
using System.Net.Sockets;
using System.Text;
using CapOrleans.Archive;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;
using CapOrleans.Notify;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Archive;

/// <summary>What a gateway's answer proves, and where it may redirect to.</summary>
public sealed class GatewayLocationTests : IAsyncLifetime
{
    private const string Content = "{\"a\": 1}";

    private static readonly Cid Wanted = Cid.Of(Cid.Raw, Encoding.UTF8.GetBytes(Content));

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 29, 12, 0, 0, TimeSpan.Zero));
    private readonly HttpClient named = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });
    private readonly HttpClient publicOnly = new ReceiverNetworks([]).CreateClient();
    private readonly HttpClient loopbackToo = new ReceiverNetworks(ReceiverNetworks.Loopback).CreateClient(); // stands for the public internet
    private AnyServer gateway = null!;
    private AnyServer other = null!;

    public async Task InitializeAsync() => (gateway, other) = (await AnyServer.StartAsync(), await AnyServer.StartAsync());

    public async Task DisposeAsync()
    {
        await gateway.DisposeAsync();
        await other.DisposeAsync();
        named.Dispose();
        publicOnly.Dispose();
        loopbackToo.Dispose();
    }

    [Theory]
    [InlineData(200, Content, LinkStatus.Ok)]
    [InlineData(200, "<html>log in</html>", LinkStatus.Wrong)]
    [InlineData(200, "", LinkStatus.Wrong)]
    [InlineData(404, "", LinkStatus.Missing)]
    [InlineData(410, "", LinkStatus.Missing)]
    [InlineData(400, "", LinkStatus.Unknown)]
    [InlineData(403, "", LinkStatus.Unknown)]
    [InlineData(429, "", LinkStatus.Unknown)]
    [InlineData(500, "", LinkStatus.Unknown)]
    [InlineData(504, "", LinkStatus.Unknown)]
    public async Task The_hash_decides_and_only_404_and_410_say_that_it_is_not_there(int status, string body, LinkStatus expected)
    {
        gateway.Respond = _ => (status, "application/vnd.ipld.raw", body);
        var answer = await Location().AskAsync(Wanted, default);
        Assert.Equal((expected, status, expected is LinkStatus.Ok or LinkStatus.Wrong ? body.Length : null), (answer.Status, answer.Code!.Value, answer.Bytes));
        Assert.Equal($"GET /ipfs/{Wanted}", Assert.Single(gateway.Calls).Call);
        Assert.Equal($"127.0.0.1:{gateway.Port}", answer.Location);
    }

    [Fact]
    public async Task A_gateway_s_Retry_After_is_respected()
    {
        gateway.Respond = request =>
        {
            request.HttpContext.Response.Headers.RetryAfter = "120";
            return (429, "text/plain", "");
        };
        var location = Location();
        Assert.Equal(TimeSpan.FromSeconds(120), (await location.AskAsync(Wanted, default)).RetryAfter);
        time.Advance(TimeSpan.FromSeconds(119));
        Assert.Equal(("retry-after", TimeSpan.FromSeconds(1)), (await location.AskAsync(Wanted, default)) is var waits ? (waits.Reason, waits.RetryAfter!.Value) : default);
        Assert.Single(gateway.Calls);
        time.Advance(TimeSpan.FromSeconds(1));
        await location.AskAsync(Wanted, default);
        Assert.Equal(2, gateway.Calls.Count);
    }

    [Theory]
    [InlineData(5, LinkStatus.Ok)]
    [InlineData(6, LinkStatus.Unknown)]
    public async Task Five_redirects_are_followed(int hops, LinkStatus expected)
    {
        gateway.Respond = request => gateway.Calls.Count > hops ? (200, "", Content) : Redirect(request, $"/hop/{gateway.Calls.Count}");
        Assert.Equal(expected, (await Location().AskAsync(Wanted, default)).Status);
        Assert.Equal(6, gateway.Calls.Count);
    }

    [Theory]
    [InlineData(Content, LinkStatus.Ok)]
    [InlineData("another", LinkStatus.Wrong)]
    public async Task A_redirect_elsewhere_is_followed_without_credentials_and_the_hash_decides(string body, LinkStatus expected)
    {
        gateway.Respond = request => Redirect(request, $"http://user:secret@127.0.0.1:{other.Port}/somewhere");
        other.Respond = _ => (200, "", body);
        var location = new GatewayLocation(new Uri($"http://me:mine@127.0.0.1:{gateway.Port}/ipfs/"), named, loopbackToo, time);
        Assert.Equal(expected, (await location.AskAsync(Wanted, default)).Status);
        Assert.StartsWith("Basic", Assert.Single(gateway.Calls).Authorization, StringComparison.Ordinal);
        Assert.Equal(("GET /somewhere", ""), Assert.Single(other.Calls));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("0x7f.1")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("0.0.0.0")]
    public async Task No_redirect_leads_to_another_service_of_this_machine(string host)
    {
        gateway.Respond = request => Redirect(request, $"http://{host}:{other.Port}/");
        var answer = await Location().AskAsync(Wanted, default);
        Assert.Equal((LinkStatus.Unknown, "no-answer"), (answer.Status, answer.Reason));
        Assert.Empty(other.Calls);
    }

    [Theory]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://[fd00::1]/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://127.0.0.1/")]
    public async Task No_redirect_leads_into_networks_that_are_not_public_or_to_another_protocol(string location)
    {
        gateway.Respond = request => Redirect(request, location);
        Assert.Equal(LinkStatus.Unknown, (await Location().AskAsync(Wanted, default)).Status);
    }

    [Fact]
    public async Task A_redirect_to_an_invalid_URL_is_treated_like_any_other_answer()
    {
        using var client = new HttpClient(new Redirecting("http://xn--\u00e4/"));
        var answer = await new GatewayLocation(new Uri("http://127.0.0.1:1/ipfs/"), client, publicOnly, time).AskAsync(Wanted, default);
        Assert.Equal((LinkStatus.Unknown, "no-answer"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task A_gateway_given_by_DNS_name_is_not_followed_to_private_addresses_not_even_to_itself()
    {
        gateway.Respond = request => Redirect(request, $"http://{Dns.GetHostName()}:{gateway.Port}/admin");
        var uri = new Uri($"http://{Dns.GetHostName()}:{gateway.Port}/ipfs/");
        var location = new GatewayLocation(uri, LedTo(gateway.Port), publicOnly, time);
        Assert.Equal(LinkStatus.Unknown, (await location.AskAsync(Wanted, default)).Status);
        Assert.Equal($"GET /ipfs/{Wanted}", Assert.Single(gateway.Calls).Call);
    }

    [Fact]
    public async Task No_more_of_an_endless_body_is_read_than_the_largest_block()
    {
        gateway.Respond = _ => (200, "", new string('x', 8 << 20));
        Assert.Equal((LinkStatus.Unknown, "too-large"), (await Location().AskAsync(Wanted, default)) is var answer ? (answer.Status, answer.Reason) : default);
    }

    [Fact]
    public async Task A_gateway_that_is_silent_or_unreachable_proves_nothing_about_the_content()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var silentGateway = new Uri($"http://{silent.LocalEndpoint}/ipfs/");
        var asking = new GatewayLocation(silentGateway, named, publicOnly, time).AskAsync(Wanted, default);
        using var connection = await silent.AcceptTcpClientAsync();
        time.Advance(ArchiveLocations.Timeout);
        Assert.Equal((LinkStatus.Unknown, "timeout"), (await asking) is var answer ? (answer.Status, answer.Reason) : default);
        var away = await new GatewayLocation(new Uri($"http://127.0.0.1:{Child.FreePort()}/ipfs/"), named, publicOnly, time).AskAsync(Wanted, default);
        Assert.Equal((LinkStatus.Unknown, "no-answer"), (away.Status, away.Reason));
    }

    private GatewayLocation Location() => new(new Uri($"http://127.0.0.1:{gateway.Port}/ipfs/"), named, publicOnly, time);

    private static (int, string, string) Redirect(Microsoft.AspNetCore.Http.HttpRequest request, string location)
    {
        request.HttpContext.Response.Headers.Location = location;
        return (302, "text/plain", "");
    }

    /// <summary>A client for which every name resolves to this machine.</summary>
    private static HttpClient LedTo(int port) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    private sealed class Redirecting(string location) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = new HttpResponseMessage(HttpStatusCode.Found);
            answer.Headers.TryAddWithoutValidation("Location", location);
            return Task.FromResult(answer);
        }
    }
}
