namespace CapOrleans.Chain;

/// <summary>
/// Rate limiter: so many queries start per second, with a burst of one second's worth; the others wait.
/// </summary>
internal sealed class QuestionRateLimiter(int perSecond, TimeProvider time)
{
    private static readonly TimeSpan Burst = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private DateTimeOffset nextAllowed = DateTimeOffset.MinValue;

    public Task WaitAsync()
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            nextAllowed = (nextAllowed < now - Burst ? now - Burst : nextAllowed) + (Burst / perSecond);
            return nextAllowed > now ? Task.Delay(nextAllowed - now, time) : Task.CompletedTask;
        }
    }
}
