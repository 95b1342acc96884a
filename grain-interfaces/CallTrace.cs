using System.Diagnostics;

namespace CapOrleans.GrainInterfaces;

/// <summary>
/// A trace that is kept, on its way through the grains of one request. Orleans' own propagation puts a filter around every call, whether its trace
/// is kept or not.
/// </summary>
public static class CallTrace
{
    private const string Key = "cap.trace";

    /// <summary>Calls from here on belong to the current span, if that is kept.</summary>
    public static void Carry()
    {
        if (Activity.Current is { Recorded: true, Id: { } id })
        {
            RequestContext.Set(Key, id);
        }
    }

    /// <returns>A span under the caller's; null when that is not kept.</returns>
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
