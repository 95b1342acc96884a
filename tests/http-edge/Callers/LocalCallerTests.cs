using System.Net;
using CapOrleans.HttpEdge.Callers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CapOrleans.Tests.HttpEdge.Callers;

/// <summary>Which callers count as programs of this machine.</summary>
public sealed class LocalCallerTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1:8787", null, true)]
    [InlineData("::1", "[::1]:8787", null, true)]
    [InlineData("::ffff:127.0.0.1", "localhost", null, true)]
    [InlineData("127.0.0.1", "page.example", null, false)]
    [InlineData("192.0.2.1", "localhost", null, false)]
    [InlineData("127.0.0.1", "localhost", "X-Forwarded-For", false)]
    [InlineData("127.0.0.1", "localhost", "x-forwarded-host", false)]
    [InlineData("127.0.0.1", "localhost", "Forwarded", false)]
    [InlineData("127.0.0.1", "localhost", "Via", false)]
    [InlineData("127.0.0.1", "localhost", "X-Real-IP", false)]
    [InlineData("127.0.0.1", "localhost", "Client-IP", false)]
    [InlineData("127.0.0.1", "localhost", "cf-ray", false)]
    [InlineData("127.0.0.1", "localhost", "CDN-Loop", false)]
    [InlineData("127.0.0.1", "localhost", "X-Envoy-External-Address", false)]
    [InlineData("127.0.0.1", "localhost", "Fly-Client-IP", false)]
    [InlineData("127.0.0.1", "localhost", "Fastly-Client-IP", false)]
    [InlineData("127.0.0.1", "localhost", "X-Azure-ClientIP", false)]
    [InlineData("127.0.0.1", "localhost", "X-Amzn-Trace-Id", false)]
    [InlineData("127.0.0.1", "localhost", "X-Request-Id", true)]
    [InlineData("127.0.0.1", "127.1", null, false)]
    [InlineData("127.0.0.1", "0x7f000001", null, false)]
    [InlineData("127.0.0.1", "2130706433:8787", null, false)]
    [InlineData("127.0.0.1", "127.0.0.01", null, false)]
    [InlineData("127.0.0.1", "[0::1]", null, false)]
    [InlineData("127.0.0.1", "[127.0.0.1]", null, false)]
    [InlineData("127.0.0.1", "127.0.0.2", null, true)]
    public void A_caller_is_local_by_its_address_its_name_for_this_machine_and_without_a_proxy(string address, string host, string? header, bool isLocal)
    {
        var context = Call(address, host);
        if (header is not null)
        {
            context.Request.Headers[header] = "127.0.0.1";
        }

        Assert.Equal(isLocal, LocalCaller.Is(context));
    }

    [Theory]
    [InlineData("127.0.0.1", "192.0.2.9", "192.0.2.9")]
    [InlineData("127.0.0.1", "127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1", null, "127.0.0.1")]
    [InlineData("192.0.2.1", "192.0.2.9", "192.0.2.1")]
    [InlineData("127.0.0.1", "192.0.2.9, 127.0.0.1", "192.0.2.9")]
    public async Task A_trusted_proxy_names_the_caller_and_none_of_its_calls_is_local(string address, string? forwardedFor, string expected)
    {
        var app = new ApplicationBuilder(new ServiceCollection().AddLogging().BuildServiceProvider());
        new TrustedProxies([IPNetwork.Parse("127.0.0.0/8")]).Use(app);
        var context = Call(address, "localhost");
        if (forwardedFor is not null)
        {
            context.Request.Headers["X-Forwarded-For"] = forwardedFor;
        }

        app.Run(_ => Task.CompletedTask);
        await app.Build()(context);
        Assert.Equal(IPAddress.Parse(expected), context.Connection.RemoteIpAddress);
        Assert.False(LocalCaller.Is(context));
    }

    [Theory]
    [InlineData("POST", "Origin", "https://page.example", true)]
    [InlineData("POST", "Origin", "null", true)]
    [InlineData("POST", "Origin", "http://localhost:8787", false)]
    [InlineData("DELETE", "Sec-Fetch-Site", "cross-site", true)]
    [InlineData("POST", "Sec-Fetch-Site", "same-site", true)]
    [InlineData("POST", "Sec-Fetch-Site", "same-origin", false)]
    [InlineData("GET", "Origin", "https://page.example", false)]
    public void A_page_of_another_site_changes_nothing(string method, string header, string value, bool isOther)
    {
        var context = Call("127.0.0.1", "localhost:8787");
        context.Request.Method = method;
        context.Request.Headers[header] = value;
        Assert.Equal(isOther, OriginGuard.IsOtherSite(context.Request));
    }

    [Theory]
    [InlineData("GET", "Origin", "https://page.example", "", true)]
    [InlineData("HEAD", "Origin", "null", "", true)]
    [InlineData("GET", "Origin", "http://localhost:3000", "", true)]
    [InlineData("GET", "Origin", "http://localhost:8787", "", false)]
    [InlineData("GET", "Sec-Fetch-Site", "cross-site", "script", true)]
    [InlineData("GET", "Sec-Fetch-Site", "same-site", "empty", true)]
    [InlineData("GET", "Sec-Fetch-Site", "cross-site", "iframe", true)]
    [InlineData("GET", "Sec-Fetch-Site", "cross-site", "document", false)]
    [InlineData("GET", "Sec-Fetch-Site", "same-origin", "empty", false)]
    [InlineData("GET", "Sec-Fetch-Site", "none", "document", false)]
    [InlineData("GET", "Accept", "*/*", "", false)]
    public void A_page_of_another_site_reads_nothing_and_a_link_on_it_may_be_followed(string method, string header, string value, string destination, bool isOther)
    {
        var context = Call("127.0.0.1", "localhost:8787");
        context.Request.Method = method;
        context.Request.Headers[header] = value;
        context.Request.Headers["Sec-Fetch-Dest"] = destination;
        Assert.Equal(isOther, OriginGuard.IsOtherSitesRead(context.Request));
    }

    private static DefaultHttpContext Call(string address, string host)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        (context.Request.Method, context.Request.Scheme, context.Request.Host) = ("GET", "http", new HostString(host));
        return context;
    }
}
