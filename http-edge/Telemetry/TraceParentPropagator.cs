using System.Diagnostics;

namespace CapOrleans.HttpEdge.Telemetry;

/// <summary>
/// Accepts only <c>traceparent</c> of a caller's trace context, since it has a fixed form. <c>tracestate</c> and
/// <c>baggage</c> are free text, and would be sent along with every request made for the caller: a stranger could
/// choose headers that an intermediary refuses.
/// </summary>
public sealed class TraceParentPropagator : DistributedContextPropagator
{
    private const string TraceParent = "traceparent";

    public override IReadOnlyCollection<string> Fields { get; } = [TraceParent];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
        if (activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id })
        {
            setter?.Invoke(carrier, TraceParent, id);
        }
    }

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId,
        out string? traceState)
    {
        (traceId, traceState) = (null, null);
        getter?.Invoke(carrier, TraceParent, out traceId, out _);
    }

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
