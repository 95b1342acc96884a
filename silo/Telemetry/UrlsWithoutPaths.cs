using System.Diagnostics;
using OpenTelemetry;

namespace CapOrleans.Silo.Telemetry;

/// <summary>
/// Reduces the URL in the span of an outgoing call to scheme and host: in many providers' URLs, the path is the key.
/// </summary>
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
