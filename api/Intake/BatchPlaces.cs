using System.Net;
using System.Threading.RateLimiting;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Intake;

/// <summary>How many batches are taken in at once: what waits for the rest of its body holds memory.</summary>
internal sealed class BatchPlaces : IDisposable
{
    /// <summary>Batches of a mebibyte that may be taken in at once.</summary>
    public const int Bodies = 128, BodiesPerAddress = 32;

    private readonly PartitionedRateLimiter<IPAddress> bodies = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<IPAddress, IPAddress>(address => RateLimitPartition.GetConcurrencyLimiter(
            address, _ => new ConcurrencyLimiterOptions { PermitLimit = BodiesPerAddress, QueueLimit = 0 })),
        PartitionedRateLimiter.Create<IPAddress, int>(_ => RateLimitPartition.GetConcurrencyLimiter(
            0, _ => new ConcurrencyLimiterOptions { PermitLimit = Bodies, QueueLimit = 0 })));

    /// <summary>Held while a batch is taken in and answered.</summary>
    public RateLimitLease Take(HttpContext context) => bodies.AttemptAcquire(AddressRateLimit.AddressOf(context));

    public static IResult Refuse(HttpContext context)
    {
        context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        return Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", "", $"At most {BodiesPerAddress} batches at once from one address, {Bodies} in all.");
    }

    public void Dispose() => bodies.Dispose();
}
