namespace CapOrleans.GrainInterfaces;

/// <summary>Limits that the grains enforce.</summary>
public static class ClusterLimits
{
    /// <summary>Appends of one log that wait for the commit in progress; further ones are refused as busy.</summary>
    public const int LogQueue = 8192;

    /// <summary>Signed changes of one CapID that are queued or in progress; further ones are refused as busy.</summary>
    public const int MaxQueuedChanges = 64;

    /// <summary>Signed changes of one CapID per minute: each is a permanent log entry.</summary>
    public const int ChangesPerMinute = 60;

    /// <summary>Signed updates of one CapID's incidents per key and minute: each is a permanent log entry.</summary>
    public const int UpdatesPerMinute = 60;

    /// <summary>Heartbeats of one CapID per key and minute.</summary>
    public const int HeartbeatsPerMinute = 600;

    /// <summary>Registered webhooks, disabled ones included.</summary>
    public const int MaxWebhooks = 100;

    public const int MaxLadders = 100;

    public const int MaxRotations = 100;

    /// <summary>Overrides of one rotation that have not ended.</summary>
    public const int MaxOverrides = 100;

    /// <summary>Silences that have not ended.</summary>
    public const int Silences = 200;

    /// <summary>Minimum seconds between two test deliveries to one webhook.</summary>
    public const int SecondsBetweenWebhookTests = 5;

    /// <summary>Entries of one log whose deliveries a single call can request again.</summary>
    public const int RedeliveredEntries = 1000;

    /// <summary>
    /// API keys, revoked ones included. When the list is full, a new key replaces the one revoked longest ago.
    /// </summary>
    public const int MaxApiKeys = 256;

    /// <summary>Other systems that file incidents with a key.</summary>
    public const int MaxIntegrations = 200;

    /// <summary>Registered gates.</summary>
    public const int MaxGates = 1000;

    /// <summary>Times per hour that the log records one gate as joined.</summary>
    public const int GateChangesPerHour = 12;

    /// <summary>CIDs per check.</summary>
    public const int MaxCheckedLinks = 100;
}
