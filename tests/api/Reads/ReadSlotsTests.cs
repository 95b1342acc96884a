using System.Net;
using CapOrleans.Api.Reads;
using CapOrleans.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Api.Reads;

public sealed class ReadSlotsTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly ReadSlots slots;
    private readonly ServiceProvider services = new ServiceCollection().AddLogging().BuildServiceProvider();

    public ReadSlotsTests() => slots = new ReadSlots(time);

    public void Dispose()
    {
        slots.Dispose();
        services.Dispose();
    }

    [Fact]
    public async Task One_address_has_a_bounded_number_of_reads_and_further_ones_wait_or_are_refused()
    {
        var sending = new TaskCompletionSource();
        var (running, finished) = (0, new List<Task<object?>>());
        for (var i = 0; i < 4 * ReadSlots.MaxPerAddress; i++)
        {
            finished.Add(ReadAsync("192.0.2.1", () =>
            {
                Interlocked.Increment(ref running);
                return sending.Task;
            }));
        }

        Assert.Equal(ReadSlots.MaxPerAddress, running);
        var refused = await ReadAsync("192.0.2.1", () => Task.CompletedTask);
        Assert.Equal(503, Assert.IsAssignableFrom<IStatusCodeHttpResult>(refused).StatusCode);
        Assert.IsAssignableFrom<IResult>(await ReadAsync("192.0.2.2", () => Task.CompletedTask)); // another address reads meanwhile
        sending.SetResult();
        await Task.WhenAll(finished);
        Assert.Equal(4 * ReadSlots.MaxPerAddress, running);
    }

    [Fact]
    public async Task All_addresses_together_have_a_bounded_number_of_slots()
    {
        var sending = new TaskCompletionSource();
        var held = Enumerable.Range(0, ReadSlots.Max).Select(i => ReadAsync($"192.0.2.{1 + i}", () => sending.Task)).ToList();
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
        return await slots.InvokeAsync(new DefaultEndpointFilterInvocationContext(http), _ => ValueTask.FromResult<object?>(new Sent(send)));
    }

    private sealed class Sent(Func<Task> send) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => send();
    }
}
