using System.Diagnostics;
using OpenTelemetry.Trace;

namespace CapOrleans.Silo.Telemetry;

/// <summary>
/// Keeps a share of the traces that begin here. Of traces that begin elsewhere it keeps what their callers keep, up to
/// a bound, since anyone can ask for that.
/// </summary>
/// <param name="share">Share of the traces that begin here, 0 to 1.</param>
internal sealed class BoundedParentSampler(double share, TimeProvider time) : Sampler
{
    /// <summary>Most spans per second that are kept because a caller keeps them.</summary>
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
