using System.Diagnostics;

namespace CapOrleans.GrainInterfaces;

/// <summary>
/// Passes a recorded trace through the grain calls of one request. Orleans' own propagation puts a filter around every
/// call, whether its trace is recorded or not.
/// </summary>
public static class CallTrace
{
    private const string Key = "cap.trace";

    /// <summary>Makes the calls that follow belong to the current span, if that is recorded.</summary>
    public static void Carry()
    {
        if (Activity.Current is { Recorded: true, Id: { } id })
        {
            RequestContext.Set(Key, id);
        }
    }

    /// <returns>A span whose parent is the caller's; null when the caller's trace is not recorded.</returns>
    public static Activity? Start(ActivitySource source, string name)
    {
        if (RequestContext.Get(Key) is not string id || !ActivityContext.TryParse(id, null, isRemote: true, out var caller))
        {
            return null;
        }

        var span = source.StartActivity(name, ActivityKind.Server, caller);
        Carry();
        return span;
    }
}
