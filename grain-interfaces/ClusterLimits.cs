namespace CapOrleans.GrainInterfaces;

/// <summary>How much the grains hold at most; one more is refused.</summary>
public static class ClusterLimits
{
    /// <summary>Appends that wait for the commit under way, of one log.</summary>
    public const int LogQueue = 8192;

    /// <summary>Changes of one CapID that wait for their turn.</summary>
    public const int Changes = 64;

    /// <summary>Signed changes of one CapID in a minute: each is an entry of the log for ever.</summary>
    public const int ChangesPerMinute = 60;

    /// <summary>Signed updates of a CapID's incidents by one key in a minute: each is an entry of the log for ever.</summary>
    public const int UpdatesPerMinute = 60;

    /// <summary>Webhooks.</summary>
    public const int Webhooks = 100;

    /// <summary>Ladders.</summary>
    public const int Ladders = 100;

    /// <summary>Between two test deliveries to one webhook.</summary>
    public const int SecondsBetweenWebhookTests = 5;

    /// <summary>Entries of one log of which one call asks for the deliveries again.</summary>
    public const int RedeliveredEntries = 1000;

    /// <summary>API keys, revoked ones among them; of those the oldest makes room.</summary>
    public const int ApiKeys = 256;

    /// <summary>Names of gates.</summary>
    public const int Gates = 1000;

    /// <summary>How often the log says of one gate that it joined.</summary>
    public const int GateChangesPerHour = 12;

    /// <summary>CIDs of one check.</summary>
    public const int CheckedLinks = 100;
}
