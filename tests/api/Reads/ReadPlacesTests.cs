using System.Net;
using CapOrleans.Api.Reads;
using CapOrleans.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Api.Reads;

public sealed class ReadPlacesTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly ReadPlaces places;
    private readonly ServiceProvider services = new ServiceCollection().AddLogging().BuildServiceProvider();

    public ReadPlacesTests() => places = new ReadPlaces(time);

    public void Dispose()
    {
        places.Dispose();
        services.Dispose();
    }

    [Fact]
    public async Task One_address_reads_so_many_pages_at_once_and_the_others_wait_or_are_told()
    {
        var sending = new TaskCompletionSource();
        var (running, finished) = (0, new List<Task<object?>>());
        for (var i = 0; i < 4 * ReadPlaces.MaxPerAddress; i++)
        {
            finished.Add(ReadAsync("192.0.2.1", () =>
            {
                Interlocked.Increment(ref running);
                return sending.Task;
            }));
        }

        Assert.Equal(ReadPlaces.MaxPerAddress, running);
        Assert.Equal(503, Assert.IsAssignableFrom<IStatusCodeHttpResult>(await ReadAsync("192.0.2.1", () => Task.CompletedTask)).StatusCode);
        Assert.IsAssignableFrom<IResult>(await ReadAsync("192.0.2.2", () => Task.CompletedTask)); // another reads meanwhile
        sending.SetResult();
        await Task.WhenAll(finished);
        Assert.Equal(4 * ReadPlaces.MaxPerAddress, running);
    }

    [Fact]
    public async Task All_addresses_together_have_so_many_places()
    {
        var sending = new TaskCompletionSource();
        var held = Enumerable.Range(0, ReadPlaces.Max).Select(i => ReadAsync($"192.0.2.{1 + i}", () => sending.Task)).ToList();
        var refused = Assert.IsType<ProblemHttpResult>(await ReadAsync("192.0.2.200", () => Task.CompletedTask));
        Assert.Equal((503, ProblemTypes.Of("too-many-reads")), (refused.StatusCode, refused.ProblemDetails.Type));
        sending.SetResult();
        await Task.WhenAll(held);
        Assert.IsNotAssignableFrom<IStatusCodeHttpResult>(await ReadAsync("192.0.2.200", () => Task.CompletedTask));
    }

    /// <param name="send">How the page is sent.</param>
    private async Task<object?> ReadAsync(string address, Func<Task> send)
    {
        var http = new DefaultHttpContext { RequestServices = services };
        http.Connection.RemoteIpAddress = IPAddress.Parse(address);
        return await places.InvokeAsync(new DefaultEndpointFilterInvocationContext(http), _ => ValueTask.FromResult<object?>(new Sent(send)));
    }

    private sealed class Sent(Func<Task> send) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => send();
    }
}
