namespace CapOrleans.GrainInterfaces;

/// <summary>Whose request a grain works for, so that what is scarce can be shared out by address. Travels with the calls of one request.</summary>
public static class CallerContext
{
    private const string Key = "cap.caller";

    /// <summary>The address as limits count it; empty for none.</summary>
    public static string Address
    {
        get => RequestContext.Get(Key) as string ?? "";
        set => RequestContext.Set(Key, value);
    }
}
