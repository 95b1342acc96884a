using System.Net;
using CapOrleans.Core.Access;
using Microsoft.AspNetCore.Http;

namespace CapOrleans.HttpEdge.Callers;

/// <summary>
/// Whether a call was made on this machine, by this machine's own name. A proxy on loopback makes calls for strangers, and a page whose
/// name was made to lead here (DNS rebinding) says its own: neither is local.
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
        LoopbackHost.Is(context.Request.Host.Host)
        && context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && context.Features.Get<ProxiedCall>() is null
        && !IsForwarded(context.Request);

    private static bool IsForwarded(HttpRequest request) =>
        ForwardingHeaders.Any(request.Headers.ContainsKey)
        || request.Headers.Keys.Any(name => name.StartsWith("X-Forwarded", StringComparison.OrdinalIgnoreCase));
}
