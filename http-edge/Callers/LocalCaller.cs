using System.Net;
using CapOrleans.Core.Access;
using Microsoft.AspNetCore.Http;

namespace CapOrleans.HttpEdge.Callers;

/// <summary>
/// Whether a call was made on this machine, to a loopback host name. A call that a proxy on loopback makes for a
/// stranger is not local, nor is that of a page whose name was made to resolve to this machine (DNS rebinding), since
/// it names another host.
/// </summary>
public static class LocalCaller
{
    private static readonly string[] ForwardingHeaders =
    [
        "Forwarded", "Via", "X-Real-IP", "Client-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP", "X-Original-For", "X-Original-Host",
        "CF-Connecting-IP", "CF-Ray", "CDN-Loop", "X-Envoy-External-Address", "Fly-Client-IP", "Fastly-Client-IP", "X-Azure-ClientIP",
        "X-Amzn-Trace-Id",
    ];

    public static bool Is(HttpContext context) =>
        LoopbackHost.IsLoopback(context.Request.Host.Host)
        && context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && context.Features.Get<ProxiedCall>() is null
        && !IsForwarded(context.Request);

    private static bool IsForwarded(HttpRequest request) =>
        ForwardingHeaders.Any(request.Headers.ContainsKey)
        || request.Headers.Keys.Any(name => name.StartsWith("X-Forwarded", StringComparison.OrdinalIgnoreCase));
}
