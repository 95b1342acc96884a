using System.Net;
using System.Threading.RateLimiting;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Intake;

/// <summary>What one address may send to this API, and how many batches are taken in at once.</summary>
/// <param name="perSecond">Incidents per second and address, as <see cref="AddressRateLimit"/> counts them.</param>
internal sealed class IntakeRateLimit(int perSecond) : IDisposable
{
    /// <summary>Batches of a mebibyte that may be taken in at once.</summary>
    public const int Bodies = 128, BodiesPerAddress = 32;

    private readonly AddressRateLimit limit = new(perSecond);

    private readonly PartitionedRateLimiter<IPAddress> bodies = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<IPAddress, IPAddress>(address => RateLimitPartition.GetConcurrencyLimiter(
            address, _ => new ConcurrencyLimiterOptions { PermitLimit = BodiesPerAddress, QueueLimit = 0 })),
        PartitionedRateLimiter.Create<IPAddress, int>(_ => RateLimitPartition.GetConcurrencyLimiter(
            0, _ => new ConcurrencyLimiterOptions { PermitLimit = Bodies, QueueLimit = 0 })));

    /// <summary>What one request may hold at most.</summary>
    public int PerSecond => perSecond;

    /// <summary>Held while a batch is taken in and answered.</summary>
    public RateLimitLease PlaceForBody(HttpContext context) => bodies.AttemptAcquire(AddressRateLimit.AddressOf(context));

    public static IResult TooManyBodies(HttpContext context)
    {
        context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        return Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", "", $"At most {BodiesPerAddress} batches at once from one address, {Bodies} in all.");
    }

    /// <returns>What to answer when the address has sent more than it may; null when it may go on.</returns>
    public IResult? Refuse(HttpContext context, int incidents) => Answer(context, limit.Take(context, incidents));

    /// <summary>For what was read of a request, of which one incident was counted before.</summary>
    /// <returns>As <see cref="Refuse"/>.</returns>
    public IResult? RefuseRest(HttpContext context, int incidents, int bytes) => Answer(context, limit.TakeRest(context, incidents, bytes));

    public void Dispose()
    {
        limit.Dispose();
        bodies.Dispose();
    }

    private Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult? Answer(HttpContext context, TimeSpan? wait)
    {
        if (wait is not { } after)
        {
            return null;
        }

        context.Response.Headers.RetryAfter = Problems.Seconds(after);
        return Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", "",
            $"At most {perSecond} incidents per second from one address; each KiB of a body counts as one.");
    }
}
