using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CapOrleans.HttpEdge.Callers;

/// <summary>HEAD is answered wherever GET is, as GET is; the server leaves the body out.</summary>
public static class HeadRequests
{
    /// <summary>Of the IPFS gateway, which answers HEAD without reading a block.</summary>
    private const string Blocks = "/ipfs";

    public static void Use(IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (HttpMethods.IsHead(context.Request.Method) && !context.Request.Path.StartsWithSegments(Blocks, StringComparison.Ordinal))
        {
            context.Request.Method = HttpMethods.Get;
        }

        return next(context);
    });
}
