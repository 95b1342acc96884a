namespace CapOrleans.Chain;

/// <summary>
/// Rate limiter: so many queries start per second, with a burst of one second's worth; the others wait.
/// </summary>
internal sealed class QuestionRate(int perSecond, TimeProvider time)
{
    private static readonly TimeSpan Burst = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private DateTimeOffset next = DateTimeOffset.MinValue;

    public Task WaitAsync()
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            next = (next < now - Burst ? now - Burst : next) + (Burst / perSecond);
            return next > now ? Task.Delay(next - now, time) : Task.CompletedTask;
        }
    }
}
