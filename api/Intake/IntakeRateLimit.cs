using System.Net;
using System.Threading.RateLimiting;
using CapOrleans.Core.Access;

namespace CapOrleans.Api.Intake;

/// <summary>A bound on what one address may send; far above any host, so that one runaway cannot starve the others.</summary>
/// <remarks>To check a large body costs more than a small one: a request counts as many incidents as it holds, or as it has begun KiB, whichever is more.</remarks>
/// <param name="perSecond">Incidents per second and address. A burst may be as large as one second's worth.</param>
internal sealed class IntakeRateLimit(int perSecond) : IDisposable
{
    /// <summary>Batches of a mebibyte that may be taken in at once.</summary>
    public const int Bodies = 128, BodiesPerAddress = 32;

    /// <summary>A body that has more counts as several incidents.</summary>
    public const int BytesPerIncident = 1024;

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

    /// <summary>For what was read of a request, of which one incident was counted before.</summary>
    /// <returns>What to answer when the address has sent more than it may; null when it may go on.</returns>
    public IResult? RefuseRest(HttpContext context, int incidents, int bytes) => Refuse(context, Math.Max(incidents, (bytes + BytesPerIncident - 1) / BytesPerIncident) - 1);

    /// <returns>What to answer when the address has sent more than it may; null when it may go on.</returns>
    public IResult? Refuse(HttpContext context, int incidents)
    {
        if (incidents <= 0)
        {
            return null;
        }

        using var lease = limiter.AttemptAcquire(AddressOf(context), Math.Min(incidents, perSecond));
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
