namespace CapOrleans.GrainInterfaces;

/// <summary>
/// The client a grain works for, so that scarce resources can be shared out by client address. Flows with the calls of
/// one request.
/// </summary>
public static class CallerContext
{
    private const string Key = "cap.caller";

    /// <summary>The client address by which limits are counted; empty when it is unknown.</summary>
    public static string Address
    {
        get => RequestContext.Get(Key) as string ?? "";
        set => RequestContext.Set(Key, value);
    }
}
