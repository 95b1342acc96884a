namespace CapOrleans.Grains.Archive;

/// <summary>How often the archive's CIDs are re-checked.</summary>
/// <param name="Age">Minimum time between two checks of one CID. Default 7 days; 1 to 365 days.</param>
/// <param name="PerHour">Maximum CIDs of one log per hour. Default 60; 0, for none, to 1,800.</param>
public sealed record LinkCheckSchedule(TimeSpan Age, int PerHour)
{
    /// <summary>Time between two CIDs.</summary>
    public TimeSpan Interval => TimeSpan.FromHours(1) / Math.Max(1, PerHour);
}

/// <summary>What one log's link validator stores besides its offset.</summary>
[GenerateSerializer, Alias("cap.links-state.v1")]
internal sealed class LinksState
{
    /// <summary>When the current round began at the log's start.</summary>
    [Id(0)] public DateTimeOffset RoundStartedAt { get; set; }

    /// <summary>CIDs of this round that the deployment has, but no gateway that could be asked.</summary>
    [Id(1)] public int NotPublic { get; set; }
}
