using CapOrleans.Api.Answers;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Streams;

/// <summary>Limits concurrent streams. Each occupies a connection, and a page of entries while it sends.</summary>
public sealed class StreamSlots(TimeProvider time, IHostApplicationLifetime host) : IEndpointFilter
{
    /// <summary>Maximum concurrent streams, in all and per address.</summary>
    public const int Max = 64, MaxPerAddress = 16;

    private readonly FairSlots all = new(Max, MaxPerAddress, time);

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        // When a client loses its slot or the server stops, its stream ends normally, and it reconnects.
        using var longest = new CancellationTokenSource(EventStream.MaxDuration + EventStream.Heartbeat,
            time); // for clients that read nothing
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, host.ApplicationStopping, longest.Token);
        http.RequestAborted = end.Token;
        using var slot = all.TryTake(AddressRateLimit.AddressOf(http), end.Cancel);
        if (slot is null)
        {
            http.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, "too-many-reads", "",
                $"At most {MaxPerAddress} streams may be open for one address, and {Max} in all.");
        }

        if (await next(context) is IResult answer)
        {
            await answer.ExecuteAsync(http);
        }

        return Results.Empty;
    }
}
