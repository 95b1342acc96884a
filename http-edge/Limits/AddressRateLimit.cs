using System.Net;
using System.Threading.RateLimiting;
using CapOrleans.Core.Access;
using CapOrleans.HttpEdge.Answers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.HttpEdge.Limits;

/// <summary>
/// Rate limit by address: far above any host's needs, so that one runaway client cannot starve the others. Every
/// request counts as one before anything is done for it. Since checking a large body costs more than a small one, a
/// request with incidents counts as many as it contains, or as it has KiB, rounded up, whichever is more.
/// </summary>
/// <param name="perSecond">Requests per second and address. A burst may be as large as one second's worth.</param>
public sealed class AddressRateLimit(int perSecond) : IDisposable
{
    /// <summary>A larger body counts as several incidents.</summary>
    public const int BytesPerIncident = 1024;

    private readonly PartitionedRateLimiter<IPAddress> limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address =>
        RateLimitPartition.GetTokenBucketLimiter(address, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = perSecond,
            TokensPerPeriod = Math.Max(1, perSecond / 10),
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
            QueueLimit = 0,
        }));

    /// <summary>Most that one request may count as.</summary>
    public int PerSecond => perSecond;

    /// <summary>The address under which limits count a caller.</summary>
    public static IPAddress AddressOf(HttpContext context) => ClientAddress.Of(context.Connection.RemoteIpAddress);

    /// <summary>Middleware before all work: answers 429 beyond the limit. Health checks are exempt.</summary>
    public void Use(IApplicationBuilder app) => app.Use((context, next) =>
        !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal) && Refuse(context, 1) is { } tooMany
            ? tooMany.ExecuteAsync(context)
            : next(context));

    /// <summary>Counts a request whose content has been read; it was counted as one before.</summary>
    /// <returns>
    /// The problem to answer with when the address exceeds the limit, with <c>Retry-After</c> set; null when it does
    /// not.
    /// </returns>
    public ProblemHttpResult? ChargeBody(HttpContext context, int incidents, int bytes) =>
        Refuse(context, Math.Max(incidents, (bytes + BytesPerIncident - 1) / BytesPerIncident) - 1);

    public void Dispose() => limiter.Dispose();

    /// <returns>See <see cref="ChargeBody"/>.</returns>
    internal ProblemHttpResult? Refuse(HttpContext context, int count)
    {
        if (count <= 0)
        {
            return null;
        }

        using var lease = limiter.AttemptAcquire(AddressOf(context), Math.Min(count, perSecond));
        if (lease.IsAcquired)
        {
            return null;
        }

        _ = lease.TryGetMetadata(MetadataName.RetryAfter, out var after);
        context.Response.Headers.RetryAfter = HttpProblem.Seconds(after);
        return HttpProblem.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", "",
            $"At most {perSecond} requests per second from one address; each incident, and each KiB of a body with incidents, counts as one.");
    }
}
