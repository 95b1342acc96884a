namespace CapOrleans.AuditLog.Sqlite;

/// <summary>
/// Lets readers in, except while the write-ahead log is shortened. SQLite can restart that log only at a moment without
/// readers, so readers that always overlap would let it grow for ever. Once it has become long, the gate makes such a
/// moment: new readers wait until those under way have finished.
/// </summary>
/// <param name="shorten">Called while no read is under way.</param>
public sealed class ReadGate(Action shorten)
{
    private readonly Lock gate = new();
    private TaskCompletionSource? closed;
    private int reading;

    /// <returns>Dispose it when the read is over.</returns>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task opened;
            lock (gate)
            {
                if (closed is null)
                {
                    reading++;
                    return new Lease(this);
                }

                opened = closed.Task;
            }

            await opened.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Shortens the log now, or as soon as the reads under way have finished; new reads wait until then.
    /// </summary>
    public void RequestShortening()
    {
        lock (gate)
        {
            if (closed is not null)
            {
                return;
            }

            closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (reading > 0)
            {
                return;
            }
        }

        Shorten();
    }

    private void Leave()
    {
        lock (gate)
        {
            if (--reading > 0 || closed is null)
            {
                return;
            }
        }

        Shorten();
    }

    private void Shorten()
    {
        try
        {
            shorten();
        }
        finally
        {
            lock (gate)
            {
                closed!.SetResult();
                closed = null;
            }
        }
    }

    private sealed class Lease(ReadGate gate) : IDisposable
    {
        private ReadGate? entered = gate;

        public void Dispose() => Interlocked.Exchange(ref entered, null)?.Leave();
    }
}
