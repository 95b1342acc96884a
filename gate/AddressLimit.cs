using System.Net;
using System.Threading.RateLimiting;
using CapOrleans.Core.Access;
using Microsoft.AspNetCore.RateLimiting;

namespace CapOrleans.Gate;

/// <summary>A bound on what one address may send, so that one runaway or stranger cannot fill the spool before the others.</summary>
internal static class AddressLimit
{
    public static void Configure(RateLimiterOptions limiter, int perSecond)
    {
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, IPAddress>(context => RateLimitPartition.GetTokenBucketLimiter(
            ClientAddress.Of(context.Connection.RemoteIpAddress),
            _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = perSecond,
                TokensPerPeriod = Math.Max(1, perSecond / 10),
                ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
                QueueLimit = 0,
            }));
        limiter.OnRejected = async (rejected, _) =>
        {
            rejected.HttpContext.Response.Headers.RetryAfter = "1";
            await GateProblems.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", "", $"At most {perSecond} requests per second from one address.").ExecuteAsync(rejected.HttpContext);
        };
    }
}
