namespace CapOrleans.Grains.Archive;

/// <summary>How often the archive's CIDs are looked for again.</summary>
/// <param name="Age">Time between two looks at one CID, at least. Default 7 days; 1 to 365 days.</param>
/// <param name="PerHour">CIDs of one log in an hour, at most. Default 60; 0, for none, to 1,800.</param>
public sealed record LinkCheckSchedule(TimeSpan Age, int PerHour)
{
    /// <summary>Time between two CIDs.</summary>
    public TimeSpan Interval => TimeSpan.FromHours(1) / Math.Max(1, PerHour);
}

/// <summary>What the validator of one log keeps beside its offset.</summary>
[GenerateSerializer, Alias("cap.links-state.v1")]
internal sealed class LinksState
{
    /// <summary>When it last began at the log's start.</summary>
    [Id(0)] public DateTimeOffset RoundStartedAt { get; set; }

    /// <summary>CIDs of this round that the deployment has and no gateway that could be asked.</summary>
    [Id(1)] public int NotPublic { get; set; }
}
