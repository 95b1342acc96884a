namespace CapOrleans.Grains.Anchors;

/// <summary>Least time between two transactions, so that batches form. Default 1 second; 0 to 1 day.</summary>
public sealed record AnchorPace(TimeSpan Interval);
