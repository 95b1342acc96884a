using System.Net;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Support;

/// <summary>
/// Sends a fixed number of incidents per second, however long the answers take, each signed with the current key.
/// </summary>
public sealed class SteadyHost : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task<HttpStatusCode>> sent = [];
    private readonly Lock gate = new();
    private readonly Task sending;
    private PrivateKey key;

    public SteadyHost(int perSecond, PrivateKey key, Func<PrivateKey, int, Task<HttpStatusCode>> send)
    {
        this.key = key;
        sending = Task.Run(() => SendAsync(perSecond, send));
    }

    /// <summary>Signs with the new key from now on.</summary>
    /// <returns>The old key, once everything signed with it has been answered.</returns>
    public async Task<PrivateKey> SwitchAsync(PrivateKey next)
    {
        PrivateKey old;
        List<Task<HttpStatusCode>> signed;
        lock (gate)
        {
            (old, key, signed) = (key, next, [.. sent]);
        }

        await Task.WhenAll(signed);
        return old;
    }

    public Task SentAsync(int more)
    {
        var before = Count();
        return Eventually.TrueAsync(() => Count() >= before + more);
    }

    public async Task<IReadOnlyList<HttpStatusCode>> StopAsync()
    {
        await stop.CancelAsync();
        await sending;
        return await Task.WhenAll(sent);
    }

    /// <summary>Also stops the sending after a failed test: further traffic would make other tests fail.</summary>
    public void Dispose()
    {
        stop.Cancel();
        sending.ContinueWith(_ => stop.Dispose(), TaskScheduler.Default);
    }

    private int Count()
    {
        lock (gate)
        {
            return sent.Count;
        }
    }

    private async Task SendAsync(int perSecond, Func<PrivateKey, int, Task<HttpStatusCode>> send)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            for (var due = TimeProvider.System.GetElapsedTime(start).TotalSeconds * perSecond; Count() < due;)
            {
                lock (gate)
                {
                    sent.Add(send(key, sent.Count));
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }
}
