using Scalar.AspNetCore;

namespace CapOrleans.Api;

/// <summary>
/// The API reference for people, at <c>/docs</c>: the page needs nothing from other hosts and may load nothing from
/// them.
/// </summary>
internal static class DocsPage
{
    private const string Path = "/docs";

    public static void Map(WebApplication app)
    {
        app.Use((context, next) =>
        {
            if (context.Request.Path.StartsWithSegments(Path, StringComparison.Ordinal))
            {
                // For the page itself: its scripts and styles are inline.
                context.Response.Headers.ContentSecurityPolicy =
                    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
                        "font-src 'self' data:; "
                    + "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
            }

            return next(context);
        });
        app.MapScalarApiReference(Path, options => options
            .WithTitle("CapOrleans")
            .DisableDefaultFonts()
            .DisableTelemetry()
            .DisableAgent()
            .DisableMcp()
            .HideClientButton()
            .HideDeveloperTools()
            .WithDotNetFlag(false)
            .WithCustomCss("a[href*='scalar.com'] { display: none }"));
        app.MapGet("/", () => TypedResults.Redirect(Path)).ExcludeFromDescription();
    }
}
