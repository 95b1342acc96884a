namespace CapOrleans.Grains.Anchors;

/// <summary>Minimum time between two transactions, so that batches form. Default 1 second; 0 to 1 day.</summary>
public sealed record AnchorSchedule(TimeSpan Interval);

/// <summary>Gas that all transactions of one day (UTC) may use together. Default 0, which is no limit.</summary>
public sealed record GasBudget(long PerDay);
