using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CapOrleans.HttpEdge.Callers;

/// <summary>Answers HEAD like GET, wherever GET is answered; the server omits the body.</summary>
public static class HeadRequests
{
    /// <summary>Path of the IPFS gateway, which answers HEAD by itself, without reading a block.</summary>
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
