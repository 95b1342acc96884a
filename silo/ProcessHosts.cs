namespace CapOrleans.Silo;

/// <summary>
/// The hosts of one process while they run. A host stops by itself when one of its background services fails, or is
/// cancelled by anything but the host's stop: the process must not then exit as if it had been asked to.
/// </summary>
internal static class ProcessHosts
{
    /// <summary>
    /// Leaves signals to <see cref="StopSignals"/>: a host that stops by itself has not been asked to.
    /// </summary>
    public static void DisableSignalHandling(IServiceCollection services) => services.AddSingleton<IHostLifetime, NoSignals>();

    /// <param name="asked">Completes when the process is asked to stop.</param>
    /// <returns>Null when it was asked to; otherwise what stopped by itself.</returns>
    public static async Task<string?> WaitForStopAsync(IReadOnlyList<IHost> hosts, Task asked)
    {
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var host in hosts)
        {
            host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() => stopping.TrySetResult());
        }

        await Task.WhenAny(asked, stopping.Task);
        return asked.IsCompleted ? null : string.Join(", ", Ended(hosts).DefaultIfEmpty("a host stopped by itself"));
    }

    private static IEnumerable<string> Ended(IReadOnlyList<IHost> hosts) =>
        from host in hosts
        from service in host.Services.GetServices<IHostedService>().OfType<BackgroundService>()
        let run = service.ExecuteTask
        where run is { IsCompleted: true, IsCompletedSuccessfully: false }
        let fault = run.Exception?.GetBaseException()
        select $"{service.GetType().Name}: {(fault is null ? "it was canceled" : $"{fault.GetType().Name} {fault.Message}")}";

    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
