using System.Net;
using System.Threading.RateLimiting;
using CapOrleans.Core.Access;

namespace CapOrleans.Api.Intake;

/// <summary>A bound on what one address may send; far above any host, so that one runaway cannot starve the others.</summary>
/// <param name="perSecond">Incidents per second and address. A burst may be as large as one second's worth.</param>
internal sealed class IntakeRateLimit(int perSecond) : IDisposable
{
    /// <summary>Batches of a mebibyte that may be taken in at once.</summary>
    public const int Bodies = 128, BodiesPerAddress = 32;

    /// <summary>What one request may hold at most.</summary>
    public int PerSecond => perSecond;

    private readonly PartitionedRateLimiter<IPAddress> limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address =>
        RateLimitPartition.GetTokenBucketLimiter(address, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = perSecond,
            TokensPerPeriod = Math.Max(1, perSecond / 10),
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
            QueueLimit = 0,
        }));

    private readonly PartitionedRateLimiter<IPAddress> bodies = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<IPAddress, IPAddress>(address => RateLimitPartition.GetConcurrencyLimiter(
            address, _ => new ConcurrencyLimiterOptions { PermitLimit = BodiesPerAddress, QueueLimit = 0 })),
        PartitionedRateLimiter.Create<IPAddress, int>(_ => RateLimitPartition.GetConcurrencyLimiter(
            0, _ => new ConcurrencyLimiterOptions { PermitLimit = Bodies, QueueLimit = 0 })));

    /// <summary>Held while a batch is taken in and answered.</summary>
    public RateLimitLease PlaceForBody(HttpContext context) => bodies.AttemptAcquire(AddressOf(context));

    public static IResult TooManyBodies(HttpContext context)
    {
        context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        return Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", "", $"At most {BodiesPerAddress} batches at once from one address, {Bodies} in all.");
    }

    /// <returns>What to answer when the address has sent more than it may; null when it may go on.</returns>
    public IResult? Refuse(HttpContext context, int incidents)
    {
        using var lease = limiter.AttemptAcquire(AddressOf(context), incidents);
        if (lease.IsAcquired)
        {
            return null;
        }

        context.Response.Headers.RetryAfter = Problems.Seconds(lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.Zero);
        return Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", "", $"At most {perSecond} incidents per second from one address.");
    }

    public void Dispose()
    {
        limiter.Dispose();
        bodies.Dispose();
    }

    private static IPAddress AddressOf(HttpContext context) => ClientAddress.Of(context.Connection.RemoteIpAddress);
}
