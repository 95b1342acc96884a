using System.Diagnostics;
using OpenTelemetry;

namespace CapOrleans.Silo.Telemetry;

/// <summary>Of the URL of a call that this process makes, a span says whom it called: the path of many a provider's URL is its key.</summary>
internal sealed class UrlsWithoutPaths : BaseProcessor<Activity>
{
    private const string Url = "url.full";

    public override void OnEnd(Activity data)
    {
        if (data.Kind == ActivityKind.Client && data.GetTagItem(Url) is string url)
        {
            data.SetTag(Url, Uri.TryCreate(url, UriKind.Absolute, out var whole) ? $"{whole.Scheme}://{whole.Authority}/" : null);
        }
    }
}
