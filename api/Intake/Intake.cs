using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Intake;

/// <summary>What became of one incident that was sent.</summary>
/// <param name="Status">HTTP status: 201 new, 200 accepted before; both with a receipt. Anything else with a refusal.</param>
/// <param name="RetryAfter">Set when the same may be accepted later.</param>
internal sealed record Outcome(int Status, Receipt? Receipt, Refusal? Refusal, TimeSpan? RetryAfter)
{
    /// <summary>Tells the sender when to send again what was not decided now.</summary>
    public static void SetRetryAfter(HttpContext context, IEnumerable<Outcome> outcomes)
    {
        if (outcomes.Max(outcome => outcome.RetryAfter) is { } wait)
        {
            context.Response.Headers.RetryAfter = Problems.Seconds(wait);
        }
    }
}

/// <summary>Reads an incident and asks its grain; every call that takes incidents runs through here.</summary>
internal sealed partial class Intake(IGrainFactory grains, TimeProvider time, ILogger<Intake> logger)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1), Again = TimeSpan.FromSeconds(1);

    private long lastSaid;
    private int unsaid;

    /// <param name="body">One JSON object, as the sender wrote it.</param>
    public async Task<Outcome> RuleAsync(ReadOnlyMemory<byte> body)
    {
        var (report, refusal) = IncidentReader.Read(body);
        if (report is null)
        {
            var status = body.Length > IncidentReader.MaxRequestBytes ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status400BadRequest;
            return new Outcome(status, null, refusal, null);
        }

        try
        {
            var ruling = await grains.Incident(report.CapId, report.IncidentId).FileAsync(report);
            return new Outcome(
                Problems.StatusOf(ruling.Verdict), ruling.Receipt, ruling.Refusal, ruling.Verdict == Verdict.Busy ? Again : ruling.RetryAfter);
        }
        catch (Exception fault)
        {
            // Whether it was accepted is unknown; to send the same again is safe and tells.
            Say(fault, report);
            return new Outcome(
                StatusCodes.Status503ServiceUnavailable, null,
                new Refusal("unavailable", "", "The log cannot take incidents now; send the same again."), Again);
        }
    }

    /// <summary>At most once a second: while a part of the cluster is away, every incident for it ends here.</summary>
    private void Say(Exception fault, IncidentReport report)
    {
        var count = Interlocked.Increment(ref unsaid);
        var last = Volatile.Read(ref lastSaid);
        if ((last == 0 || time.GetElapsedTime(last) >= Quiet) && Interlocked.CompareExchange(ref lastSaid, time.GetTimestamp(), last) == last)
        {
            Interlocked.Exchange(ref unsaid, 0);
            LogFault(count, report.CapId, report.IncidentId, fault.GetType().Name, fault.Message);
        }
    }

    [LoggerMessage(300, LogLevel.Error, "{Count} incidents were answered with 503, the last one {CapId}/{IncidentId}: {Fault} {Message}")]
    private partial void LogFault(int count, string capId, string incidentId, string fault, string message);
}
