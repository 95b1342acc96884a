using System.Net;

namespace CapOrleans.HttpEdge.Limits;

/// <summary>
/// Limits the work in progress for one address. Calls beyond the limit wait here in order, rather than in a queue that
/// all calls share: an address with many connections is not served before one with a single connection, and keeps no
/// other from being served.
/// </summary>
/// <param name="atOnce">Calls in progress of one address.</param>
public class AddressTurns(int atOnce = AddressTurns.AtOnce)
{
    /// <summary>Incidents of one address, single or in batches, that are checked and committed at once.</summary>
    public const int AtOnce = 128;

    private readonly Dictionary<IPAddress, Turns> addresses = [];

    /// <param name="address">As <see cref="AddressRateLimit.AddressOf"/> returns it.</param>
    /// <param name="cancellationToken">Cancelled when the caller has gone: it then waits no longer.</param>
    /// <returns>Completes when it is the caller's turn; to be disposed when the work is done.</returns>
    public async ValueTask<IDisposable> EnterAsync(IPAddress address, CancellationToken cancellationToken)
    {
        TaskCompletionSource? turn = null;
        lock (addresses)
        {
            var turns = addresses.TryGetValue(address, out var known) ? known : addresses[address] = new Turns();
            if (turns.Running < atOnce)
            {
                turns.Running++;
            }
            else
            {
                turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                turns.Waiting.Enqueue(turn);
            }
        }

        if (turn is not null)
        {
            await using var left = cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken));
            await turn.Task;
        }

        return new Turn(this, address);
    }

    private void Leave(IPAddress address)
    {
        lock (addresses)
        {
            var turns = addresses[address];
            while (turns.Waiting.TryDequeue(out var next))
            {
                if (next.TrySetResult())
                {
                    return; // the slot passes to it
                }
            }

            if (--turns.Running == 0)
            {
                addresses.Remove(address);
            }
        }
    }

    private sealed class Turns
    {
        public int Running { get; set; }

        public Queue<TaskCompletionSource> Waiting { get; } = new();
    }

    private sealed class Turn(AddressTurns turns, IPAddress address) : IDisposable
    {
        private AddressTurns? held = turns;

        public void Dispose() => Interlocked.Exchange(ref held, null)?.Leave(address);
    }
}
