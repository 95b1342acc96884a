using CapOrleans.Contracts.Gates;
using CapOrleans.Contracts.Operations;
using CapOrleans.Gate.Answers;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate;

/// <summary>Health endpoints for orchestrators and load balancers.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this WebApplication app, GateOptions options)
    {
        app.MapGet("/health/live", () => TypedResults.Text("live")).WithTags("Health").WithSummary("The process is running");
        app.MapGet("/health/ready", async (HttpContext context, SpoolHealth spool, ClusterLink cluster) =>
        {
            var isOperator = !GateAccess.IsForbiddenPageRequest(context.Request,
                options) && GateAccess.IsOperator(context.Request, options);
            if (await spool.CheckAsync() is { } fault)
            {
                context.Response.Headers.RetryAfter = "60";
                return (IResult)GateProblems.Of(
                    StatusCodes.Status503ServiceUnavailable, "unavailable", "",
                    isOperator ? $"The gate cannot store incidents: {fault}" : "The gate cannot store incidents.");
            }

            var status = cluster.LastError is null ? Readiness.Ready : Readiness.Degraded;
            return TypedResults.Json(new GateReadiness(status, isOperator ? cluster.LastError : null),
                GateStatusJson.Default.GateReadiness);
        }).Produces<GateReadiness>().ProducesProblem(503).WithTags("Health").WithSummary(
            "Whether the gate accepts incidents; degraded while it cannot forward them");
    }

    /// <summary>Whether the disk accepts writes; checked at most once a second, since anyone may ask.</summary>
    internal sealed class SpoolHealth(IncidentSpool spool, TimeProvider time)
    {
        private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

        private readonly Lock gate = new();
        private Task<string?> asked = Task.FromResult<string?>(null);
        private long? askedAt;

        /// <returns>Why the disk takes no incidents; null when it does.</returns>
        public Task<string?> CheckAsync()
        {
            lock (gate)
            {
                if (askedAt is not { } at || time.GetElapsedTime(at) >= Age)
                {
                    (asked, askedAt) = (AskAsync(), time.GetTimestamp());
                }

                return asked;
            }
        }

        private async Task<string?> AskAsync()
        {
            try
            {
                return await spool.CheckAsync().WaitAsync(IncidentSpool.DiskTimeout, time) ? null : spool.LastError ?? "its spool or disk is full.";
            }
            catch (TimeoutException)
            {
                return $"its disk has not completed a write for {IncidentSpool.DiskTimeout.TotalSeconds:0} seconds.";
            }
        }
    }
}
