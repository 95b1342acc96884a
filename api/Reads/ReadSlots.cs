using System.Net;
using System.Threading.RateLimiting;
using CapOrleans.Api.Answers;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Reads;

/// <summary>
/// Limits concurrent reads of pages. A page may have <see cref="Core.AuditLog.LogPage"/>'s 4 MiB, and twice that in
/// memory until it is sent, so that all together stay within half a gibibyte, however many readers there are.
/// </summary>
public sealed class ReadSlots(TimeProvider time) : IEndpointFilter, IDisposable
{
    /// <summary>Maximum concurrent reads, in all and per address.</summary>
    public const int Max = 64, MaxPerAddress = 8;

    /// <summary>Maximum reads of one address that wait for a slot.</summary>
    private const int MaxQueuedPerAddress = 24;

    private readonly FairSlots total = new(Max, MaxPerAddress, time);
    private readonly PartitionedRateLimiter<IPAddress> perAddress = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address =>
        RateLimitPartition.GetConcurrencyLimiter(address, _ => new ConcurrencyLimiterOptions { PermitLimit = MaxPerAddress,
            QueueLimit = MaxQueuedPerAddress }));

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        using var mine = await perAddress.AcquireAsync(AddressRateLimit.AddressOf(http), 1, http.RequestAborted);
        using var slot = mine.IsAcquired ? total.TryTake(AddressRateLimit.AddressOf(http), http.Abort) : null;
        if (slot is null)
        {
            http.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
            return Problems.Of(
                StatusCodes.Status503ServiceUnavailable, "too-many-reads", "", $"At most {MaxPerAddress} pages or " +
                    $"CARs are read concurrently for one address, and {Max} in all.");
        }

        // Keep the slot until the page is sent: a slow reader occupies it, and may lose it when all are taken.
        if (await next(context) is IResult answer)
        {
            await answer.ExecuteAsync(http);
        }

        return Results.Empty;
    }

    public void Dispose() => perAddress.Dispose();
}
