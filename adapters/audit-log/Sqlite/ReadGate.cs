namespace CapOrleans.AuditLog.Sqlite;

/// <summary>
/// The write-ahead log begins anew only at a moment without a reader: readers that overlap for ever would let it grow for ever. So there is
/// such a moment when it has become long: newcomers wait until those under way have ended.
/// </summary>
/// <param name="shorten">Called while nobody reads.</param>
public sealed class ReadGate(Action shorten)
{
    private readonly Lock gate = new();
    private TaskCompletionSource? closed;
    private int reading;

    /// <returns>To be disposed when the read is over.</returns>
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
                    return new Reading(this);
                }

                opened = closed.Task;
            }

            await opened.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Shortens now, or when those who read have ended.</summary>
    public void Close()
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

    private sealed class Reading(ReadGate gate) : IDisposable
    {
        private ReadGate? entered = gate;

        public void Dispose() => Interlocked.Exchange(ref entered, null)?.Leave();
    }
}
