namespace CapOrleans.Grains.Anchors;

/// <summary>Time between two transactions, so that batches form. Default 1 second; 0 to 1 day.</summary>
public sealed record AnchorPace(TimeSpan Interval)
{
    internal Task WaitAsync(DateTimeOffset lastSent, TimeProvider time, CancellationToken cancellationToken)
    {
        var wait = lastSent + Interval - time.GetUtcNow();
        return wait > TimeSpan.Zero && lastSent != DateTimeOffset.MinValue
            ? Task.Delay(wait, time, cancellationToken)
            : Task.CompletedTask;
    }
}
