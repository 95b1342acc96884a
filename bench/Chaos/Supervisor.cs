using CapOrleans.TestHost;

namespace CapOrleans.Bench.Chaos;

/// <summary>Restarts a silo whenever it ends, as systemd or an orchestrator would.</summary>
internal sealed class Supervisor(Node node) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;

    public int Restarts { get; private set; }

    public void Start() => running = Task.Run(async () =>
    {
        while (!stop.IsCancellationRequested)
        {
            await node.Process.ExitedAsync(stop.Token);
            if (!stop.IsCancellationRequested)
            {
                await Task.Delay(Pause, TimeProvider.System);
                node.Spawn();
                Restarts++;
            }
        }
    });

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }
}
