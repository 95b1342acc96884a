using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace CapOrleans.HttpEdge.Callers;

/// <summary>
/// Proxies whose headers about a caller are trusted: limits by address use the address in <c>X-Forwarded-For</c>, and
/// origin checks the scheme in <c>X-Forwarded-Proto</c>. From anyone else, such headers are ignored.
/// </summary>
public sealed class TrustedProxies(IReadOnlyList<IPNetwork> networks)
{
    public bool Contains(IPAddress? address)
    {
        var plain = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        return plain is not null && networks.Any(network => network.Contains(plain));
    }

    /// <summary>Must be first in the pipeline, before anything reads the caller's address.</summary>
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

/// <summary>Marks a call that a trusted proxy forwarded.</summary>
internal sealed class ProxiedCall;
