using System.Net;
using System.Threading.RateLimiting;
using CapOrleans.Core.Access;
using Microsoft.AspNetCore.Http;

namespace CapOrleans.HttpEdge.Limits;

/// <summary>A bound on what one address may send; far above any host, so that one runaway cannot starve the others.</summary>
/// <remarks>To check a large body costs more than a small one: a request counts as many incidents as it holds, or as it has begun KiB, whichever is more.</remarks>
/// <param name="perSecond">Incidents per second and address. A burst may be as large as one second's worth.</param>
public sealed class AddressRateLimit(int perSecond) : IDisposable
{
    /// <summary>A body that has more counts as several incidents.</summary>
    public const int BytesPerIncident = 1024;

    private readonly PartitionedRateLimiter<IPAddress> limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address =>
        RateLimitPartition.GetTokenBucketLimiter(address, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = perSecond,
            TokensPerPeriod = Math.Max(1, perSecond / 10),
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
            QueueLimit = 0,
        }));

    public int PerSecond => perSecond;

    /// <summary>Whom limits by address count as one.</summary>
    public static IPAddress AddressOf(HttpContext context) => ClientAddress.Of(context.Connection.RemoteIpAddress);

    /// <returns>Null when the address may go on; else how long it should wait.</returns>
    public TimeSpan? Take(HttpContext context, int incidents)
    {
        if (incidents <= 0)
        {
            return null;
        }

        using var lease = limiter.AttemptAcquire(AddressOf(context), Math.Min(incidents, perSecond));
        return lease.IsAcquired ? null : lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.Zero;
    }

    /// <summary>For what was read of a request, of which one incident was counted before.</summary>
    /// <returns>As <see cref="Take"/>.</returns>
    public TimeSpan? TakeRest(HttpContext context, int incidents, int bytes) =>
        Take(context, Math.Max(incidents, (bytes + BytesPerIncident - 1) / BytesPerIncident) - 1);

    public void Dispose() => limiter.Dispose();
}
