namespace CapOrleans.Grains.Anchors;

/// <summary>Least time between two transactions, so that batches form. Default 1 second; 0 to 1 day.</summary>
public sealed record AnchorSchedule(TimeSpan Interval);

/// <summary>What all transactions of a day (UTC) may use together. Default 0, which is no limit.</summary>
public sealed record GasBudget(long PerDay);
