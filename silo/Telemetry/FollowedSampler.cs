using System.Diagnostics;
using OpenTelemetry.Trace;

namespace CapOrleans.Silo.Telemetry;

/// <summary>
/// Keeps a share of the traces that begin here, and of those that begin elsewhere what their callers keep, up to a bound: anybody can say that
/// his is kept.
/// </summary>
/// <param name="share">0 to 1, of traces.</param>
internal sealed class FollowedSampler(double share, TimeProvider time) : Sampler
{
    /// <summary>Spans that follow a caller's wish, in a second.</summary>
    public const int MaxFollowed = 1000;

    private readonly TraceIdRatioBasedSampler own = new(share);
    private long second;
    private int followed;

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var parent = samplingParameters.ParentContext;
        return parent.TraceId == default ? own.ShouldSample(samplingParameters)
            : new SamplingResult(parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) && (!parent.IsRemote || MayFollow()));
    }

    private bool MayFollow()
    {
        var now = time.GetTimestamp() / time.TimestampFrequency;
        if (Interlocked.Exchange(ref second, now) != now)
        {
            Volatile.Write(ref followed, 0);
        }

        return Interlocked.Increment(ref followed) <= MaxFollowed;
    }
}
