using System.Diagnostics;
using CapOrleans.Silo.Telemetry;
using Microsoft.Extensions.Time.Testing;
using OpenTelemetry.Trace;

namespace CapOrleans.Tests.Silo.Telemetry;

/// <summary>Which spans are recorded, and what they reveal about the servers called.</summary>
public sealed class SpanTests
{
    [Fact]
    public void A_caller_s_sampled_flag_is_honoured_up_to_a_bound()
    {
        var time = new FakeTimeProvider();
        var sampler = new BoundedParentSampler(share: 0, time);
        for (var second = 0; second < 2; second++)
        {
            Assert.Equal(BoundedParentSampler.MaxFollowed, Enumerable.Range(0, 3 * BoundedParentSampler.MaxFollowed).Count(_ => IsKept(
                isRemote: true)));
            Assert.True(IsKept(isRemote: false)); // part of a trace that is recorded here already
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(IsKept(isRemote: true, ActivityTraceFlags.None));
        Assert.Equal(SamplingDecision.Drop, sampler.ShouldSample(Parameters(default)).Decision);
        Assert.Equal(SamplingDecision.RecordAndSample, new BoundedParentSampler(share: 1, time).ShouldSample(Parameters(default)).Decision);

        bool IsKept(bool isRemote, ActivityTraceFlags flags = ActivityTraceFlags.Recorded) => sampler.ShouldSample(Parameters(
            new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags, isRemote: isRemote))).Decision
            == SamplingDecision.RecordAndSample;

        static SamplingParameters Parameters(ActivityContext parent) => new(parent, ActivityTraceId.CreateRandom(), "span",
            ActivityKind.Server);
    }

    [Theory]
    [InlineData("https://rpc.example:8545/v2/SECRET?key=SECRET", "https://rpc.example:8545/")]
    [InlineData("nothing", null)]
    public void The_path_of_a_URL_that_was_called_is_in_no_span(string url, string? kept)
    {
        using var client = new ActivitySource("test");
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source == client, Sample = (ref ActivityCreationOptions<ActivityContext> _) =>
                ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        using var span = client.StartActivity("call", ActivityKind.Client)!;
        span.SetTag("url.full", url);
        using var processor = new UrlsWithoutPaths();
        processor.OnEnd(span);
        Assert.Equal(kept, span.GetTagItem("url.full"));
    }
}
