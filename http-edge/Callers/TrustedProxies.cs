using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace CapOrleans.HttpEdge.Callers;

/// <summary>
/// Proxies that are believed about a caller: the address in <c>X-Forwarded-For</c> counts for limits by address, and the scheme in
/// <c>X-Forwarded-Proto</c> for origins. What anybody else says in such headers is not believed.
/// </summary>
public sealed class TrustedProxies(IReadOnlyList<IPNetwork> networks)
{
    public bool Contains(IPAddress? address)
    {
        var plain = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        return plain is not null && networks.Any(network => network.Contains(plain));
    }

    /// <summary>First in the pipeline, before anything looks at the caller's address.</summary>
    public void Use(IApplicationBuilder app)
    {
        if (networks.Count == 0)
        {
            return;
        }

        app.Use((context, next) =>
        {
            if (Contains(context.Connection.RemoteIpAddress))
            {
                context.Features.Set(new ProxiedCall());
            }

            return next(context);
        });
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in networks)
        {
            options.KnownIPNetworks.Add(network);
        }

        app.UseForwardedHeaders(options);
    }
}

/// <summary>On a call that a trusted proxy made for somebody.</summary>
internal sealed class ProxiedCall;
