namespace CapOrleans.Grains.AuditLog;

/// <summary>One pass at a time.</summary>
internal abstract partial class FollowerGrain
{
    private TaskCompletionSource? pass; // null while none is under way

    /// <summary>What an operator asks for while no pass is under way.</summary>
    /// <exception cref="TimeoutException">One is, for longer than a caller waits.</exception>
    protected async Task<T> BetweenPassesAsync<T>(Func<Task<T>> work)
    {
        while (pass is { } underWay)
        {
            await underWay.Task.WaitAsync(Rest * 10, time, Stopping);
        }

        BeginPass();
        try
        {
            await ResumeAsync();
            return await work();
        }
        finally
        {
            EndPass();
        }
    }

    private void BeginPass() => pass = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    private void EndPass()
    {
        var ended = pass!;
        pass = null;
        ended.SetResult();
    }
}
