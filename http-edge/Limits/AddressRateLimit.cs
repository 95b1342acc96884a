using System.Net;
using System.Threading.RateLimiting;
using CapOrleans.Core.Access;
using CapOrleans.HttpEdge.Answers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.HttpEdge.Limits;

/// <summary>
/// A bound on what one address may ask for; far above any host, so that one runaway cannot starve the others. Every request counts as one
/// before anything is done for it. To check a large body costs more than a small one: what brings incidents counts as many as it holds, or
/// as it has begun KiB, whichever is more.
/// </summary>
/// <param name="perSecond">Requests per second and address. A burst may be as large as one second's worth.</param>
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

    /// <summary>What one request may count as at most.</summary>
    public int PerSecond => perSecond;

    /// <summary>Whom limits by address count as one.</summary>
    public static IPAddress AddressOf(HttpContext context) => ClientAddress.Of(context.Connection.RemoteIpAddress);

    /// <summary>Before all work: what goes beyond is answered with 429. Health checks are answered to everybody.</summary>
    public void Use(IApplicationBuilder app) => app.Use((context, next) =>
        !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal) && Refuse(context, 1) is { } tooMany
            ? tooMany.ExecuteAsync(context)
            : next(context));

    /// <summary>For what was read of a request, which was counted as one before.</summary>
    /// <returns>What to answer when that is more than the address may send, with <c>Retry-After</c> set; null when it may go on.</returns>
    public ProblemHttpResult? RefuseRest(HttpContext context, int incidents, int bytes) =>
        Refuse(context, Math.Max(incidents, (bytes + BytesPerIncident - 1) / BytesPerIncident) - 1);

    public void Dispose() => limiter.Dispose();

    /// <returns>As <see cref="RefuseRest"/>.</returns>
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
