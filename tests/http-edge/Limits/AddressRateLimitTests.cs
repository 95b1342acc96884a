using System.Net;
using CapOrleans.HttpEdge.Limits;
using Microsoft.AspNetCore.Http;

namespace CapOrleans.Tests.HttpEdge.Limits;

/// <summary>The limit of an address counts requests by their cost.</summary>
public sealed class AddressRateLimitTests
{
    [Fact]
    public void A_large_body_counts_as_many_incidents_as_it_has_KiB()
    {
        using var limit = new AddressRateLimit(100);
        var host = Call("192.0.2.1");
        Assert.Null(limit.Refuse(host, 1));
        Assert.Null(limit.ChargeBody(host, incidents: 1, bytes: 64 * 1024));
        Assert.Null(limit.Refuse(host, 1));
        Assert.NotNull(limit.ChargeBody(host, incidents: 1, bytes: 64 * 1024));
        Assert.Null(limit.ChargeBody(Call("192.0.2.2"), incidents: 1, bytes: 64 * 1024));
    }

    [Fact]
    public void A_small_request_costs_as_before_and_one_larger_than_the_whole_budget_takes_all_of_it()
    {
        using var limit = new AddressRateLimit(3);
        var host = Call("192.0.2.1");
        for (var i = 0; i < 3; i++)
        {
            Assert.Null(limit.Refuse(host, 1));
            Assert.Null(limit.ChargeBody(host, incidents: 1, bytes: 600));
        }

        Assert.NotNull(limit.Refuse(host, 1));
        Assert.Null(limit.ChargeBody(Call("192.0.2.2"), incidents: 500, bytes: 1 << 20));
        Assert.NotNull(limit.Refuse(Call("192.0.2.2"), 1));
    }

    private static DefaultHttpContext Call(string address)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        return context;
    }
}
