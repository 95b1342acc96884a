using CapOrleans.Silo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Silo;

/// <summary>What ends a process that was not asked to stop.</summary>
public sealed class ProcessHostsTests
{
    private readonly TaskCompletionSource asked = new();

    [Fact]
    public async Task A_service_that_is_canceled_by_something_else_than_the_stop_is_named()
    {
        using var host = Host(_ => throw new OperationCanceledException());
        await host.StartAsync();
        Assert.Equal("Part: it was canceled", await ProcessHosts.WaitForStopAsync([host], asked.Task));
    }

    [Fact]
    public async Task A_service_that_fails_is_named_with_its_fault()
    {
        using var whole = Host(token => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token));
        using var host = Host(_ => throw new TimeoutException("no answer"));
        await whole.StartAsync();
        await host.StartAsync();
        Assert.Equal("Part: TimeoutException no answer", await ProcessHosts.WaitForStopAsync([whole, host], asked.Task));
        await whole.StopAsync();
    }

    [Fact]
    public async Task A_host_that_stops_by_itself_does_not_count_as_a_requested_stop()
    {
        using var host = Host(token => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token));
        await host.StartAsync();
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Assert.NotNull(await ProcessHosts.WaitForStopAsync([host], asked.Task));
    }

    [Fact]
    public async Task A_requested_stop_reports_nothing()
    {
        using var host = Host(token => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token));
        await host.StartAsync();
        var waiting = ProcessHosts.WaitForStopAsync([host], asked.Task);
        Assert.False(waiting.IsCompleted);
        asked.SetResult();
        Assert.Null(await waiting);
        await host.StopAsync();
    }

    private static IHost Host(Func<CancellationToken, Task> run)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        ProcessHosts.DisableSignalHandling(builder.Services);
        builder.Services.AddHostedService(_ => new Part(run));
        return builder.Build();
    }

    private sealed class Part(Func<CancellationToken, Task> run) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            await run(stoppingToken);
        }
    }
}
