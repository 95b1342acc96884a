using System.Globalization;
using System.Net;
using System.Threading.RateLimiting;

namespace CapOrleans.Api.Intake;

/// <summary>A bound on what one address may send; far above any host, so that one runaway cannot starve the others.</summary>
internal static class IntakeRateLimit
{
    public const string Policy = "intake";

    /// <param name="perSecond">Requests per second and address. A burst may be as large as one second's worth.</param>
    public static IServiceCollection AddIntakeRateLimit(this IServiceCollection services, int perSecond) => services.AddRateLimiter(options =>
    {
        options.AddPolicy(Policy, context => RateLimitPartition.GetTokenBucketLimiter(
            context.Connection.RemoteIpAddress ?? IPAddress.None,
            _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = perSecond,
                TokensPerPeriod = Math.Max(1, perSecond / 10),
                ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
                QueueLimit = 0,
            }));
        options.OnRejected = async (rejected, _) =>
        {
            var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Ceiling(after.TotalSeconds) : 1;
            rejected.HttpContext.Response.Headers.RetryAfter = Math.Max(1, wait).ToString(CultureInfo.InvariantCulture);
            await Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", "", $"At most {perSecond} incidents per second from one address.")
                .ExecuteAsync(rejected.HttpContext);
        };
    });
}
