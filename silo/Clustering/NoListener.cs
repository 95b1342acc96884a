using System.Net;
using Microsoft.AspNetCore.Connections;

namespace CapOrleans.Silo.Clustering;

/// <summary>
/// The listeners of a single node, which has no peers: its silo listens nowhere, so that no process on the machine can
/// join or call it.
/// </summary>
internal sealed class NoListener : IConnectionListenerFactory
{
    public static void Use(ISiloBuilder silo)
    {
        // Orleans registers a listener for silos and one for clients, each under a key of its own.
        foreach (var service in silo.Services.Where(service => service.IsKeyedService && service.ServiceType == typeof(IConnectionListenerFactory)).ToList())
        {
            silo.Services.Remove(service);
            silo.Services.AddKeyedSingleton<IConnectionListenerFactory, NoListener>(service.ServiceKey);
        }
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(new Nowhere(endpoint));

    private sealed class Nowhere(EndPoint endpoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endpoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(ended.Task);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

        public ValueTask DisposeAsync()
        {
            ended.TrySetResult(null);
            return ValueTask.CompletedTask;
        }
    }
}
