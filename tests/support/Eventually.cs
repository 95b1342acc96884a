namespace CapOrleans.Tests.Support;

/// <summary>
/// Waits for the effect of background work: polls a condition until it holds, and fails after one minute.
/// </summary>
public static class Eventually
{
    public static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()));

    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System, timeout.Token);
        }
    }
}
