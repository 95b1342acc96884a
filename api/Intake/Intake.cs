using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Core.Telemetry;
using CapOrleans.GrainInterfaces;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Intake;

/// <summary>Outcome of one incident.</summary>
/// <param name="Status">
/// HTTP status: 201 when new, 200 when accepted before, both with a receipt; any other with a refusal.
/// </param>
/// <param name="RetryAfter">Set when the same incident may be accepted later.</param>
internal sealed record Outcome(int Status, Receipt? Receipt, Refusal? Refusal, TimeSpan? RetryAfter)
{
    /// <summary>Possible mistake in an accepted incident; null for none.</summary>
    public string? Warning { get; init; }

    public static Outcome Of(Ruling ruling, IncidentReport report) =>
        new(Problems.StatusOf(ruling.Verdict), ruling.Receipt, ruling.Refusal, ruling.RetryAfter ?? (ruling.Verdict == Verdict.Busy
            ? RetryDelay : null))
        {
            Warning = ruling.Receipt is null ? null : IncidentWarning.Of(report),
        };

    public static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Sets <c>Retry-After</c> to the shortest delay after which an undecided incident may be sent again.
    /// </summary>
    public static void SetRetryAfter(HttpContext context, IEnumerable<Outcome> outcomes)
    {
        if (outcomes.Min(outcome => outcome.RetryAfter) is { } wait)
        {
            context.Response.Headers.RetryAfter = Problems.Seconds(wait);
        }
    }
}

/// <summary>
/// Reads incidents and files them with their grains; every endpoint that accepts incidents uses this.
/// </summary>
internal sealed partial class Intake(IGrainFactory grains, AddressTurns turns, TimeProvider time, ILogger<Intake> logger)
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private long lastReportAt;
    private int unreported;

    /// <param name="body">One JSON object, exactly as sent.</param>
    /// <param name="isLegacy">Whether it came by a legacy call, which takes any word as severity.</param>
    public async Task<Outcome> RuleAsync(ReadOnlyMemory<byte> body, bool isLegacy, Caller caller, CancellationToken cancellationToken)
    {
        var outcome = await RuleOneAsync(body, isLegacy, caller, cancellationToken);
        IntakeMetrics.Count(outcome);
        return outcome;
    }

    private async Task<Outcome> RuleOneAsync(ReadOnlyMemory<byte> body, bool isLegacy, Caller caller, CancellationToken cancellationToken)
    {
        var (report, refusal) = Read(body, isLegacy);
        if (report is null)
        {
            return Unreadable(body, refusal!);
        }

        CapTelemetry.TagIncident(report.CapId, report.IncidentId);
        using var turn = await turns.EnterAsync(caller.Address, cancellationToken);
        var answers = await AnswerAsync(
            [report], caller, async () => [await grains.Incident(report.CapId, report.IncidentId).FileAsync(report)], cancellationToken);
        return answers[0];
    }

    private static (IncidentReport? Report, Refusal? Refusal) Read(ReadOnlyMemory<byte> body, bool takesAnySeverity)
    {
        var (report, refusal) = IncidentReader.Read(body);
        return report is null ? (null, refusal)
            : takesAnySeverity ? (report with { TakesAnySeverity = true }, null)
            : MisspeltMember.Of(report) is { } misspelt ? (null, misspelt) : (report, null);
    }

    /// <summary>
    /// Files a batch. Reports of one CapID enter the log in the order given; those of different CapIDs run in parallel.
    /// </summary>
    /// <param name="legacy">Numbers of the lines, from 1, that came by a legacy call.</param>
    /// <returns>An outcome for each line.</returns>
    /// <exception cref="OperationCanceledException">
    /// Cancelled; what already had its turn is decided all the same.
    /// </exception>
    public async Task<Outcome[]> RuleAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> lines, IReadOnlySet<int> legacy, Caller caller, CancellationToken cancellationToken)
    {
        var read = lines.Select((line, index) => Read(line, legacy.Contains(index + 1))).ToList();
        var outcomes = new Outcome[lines.Count];
        await Task.WhenAll(Enumerable.Range(0, lines.Count).Where(i => read[i].Report is not null).GroupBy(i => read[i].Report!.CapId, StringComparer.Ordinal).Select(async ofOneCap =>
        {
            foreach (var (number, outcome) in ofOneCap.Zip(await RuleAsync(ofOneCap.Select(i => read[i].Report!).ToList(), caller, cancellationToken)))
            {
                outcomes[number] = outcome;
            }
        }));
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] ??= Unreadable(lines[i], read[i].Refusal!);
            IntakeMetrics.Count(outcomes[i]);
        }

        return outcomes;
    }

    private static Outcome Unreadable(ReadOnlyMemory<byte> body, Refusal refusal) => new(
        body.Length > IncidentReader.MaxRequestBytes ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status400BadRequest, null, refusal, null);

    /// <param name="reports">Reports of one CapID.</param>
    private Task<IReadOnlyList<Outcome>> RuleAsync(List<IncidentReport> reports, Caller caller, CancellationToken cancellationToken) =>
        AnswerAsync(reports, caller, () => FileAsync(reports, caller, cancellationToken), cancellationToken);

    private async Task<IReadOnlyList<Outcome>> AnswerAsync(
        List<IncidentReport> reports, Caller caller, Func<Task<IReadOnlyList<Ruling>>> rule, CancellationToken cancellationToken)
    {
        CallTrace.Carry();
        try
        {
            if (reports.Exists(report => report.Scheme == FullV2.Scheme))
            {
                CallerContext.Address = caller.WalletQuotaKey; // only the check of a contract wallet's signature needs the caller
            }

            return [.. (await rule()).Zip(reports, Outcome.Of)];
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Whether they were accepted is unknown; sending the same again is safe and settles it.
            Report(fault, reports[^1], reports.Count);
            var unavailable = new Outcome(
                StatusCodes.Status503ServiceUnavailable, null, new Refusal("unavailable", "", "The log cannot accept " +
                    "incidents at the moment; send the same incident again."), Outcome.RetryDelay);
            return [.. reports.Select(_ => unavailable)];
        }
    }

    /// <summary>
    /// Files reports as single incidents are filed: each incident grain checks its signatures, then the CapID grain
    /// gets all that are proven.
    /// </summary>
    private async Task<IReadOnlyList<Ruling>> FileAsync(List<IncidentReport> reports, Caller caller, CancellationToken cancellationToken)
    {
        var checks = new SignatureCheck?[reports.Count];
        await Task.WhenAll(Enumerable.Range(0, reports.Count).GroupBy(i => reports[i].IncidentId, StringComparer.Ordinal).Select(async ofOne =>
        {
            foreach (var (number, check) in ofOne.Zip(await ProveAsync([.. ofOne.Select(i => reports[i])], caller, cancellationToken)))
            {
                checks[number] = check;
            }
        }));
        var ofOneCap = new CheckedReports(checks);
        return ofOneCap.Merge(ofOneCap.Proven is { Count: > 0 } proven ? await AcceptAsync(proven, caller, cancellationToken) : []);
    }

    /// <summary>
    /// Takes the caller's turn as well: every line of a batch may name a different unknown CapID, and each costs a
    /// lookup.
    /// </summary>
    private async Task<IReadOnlyList<Ruling>> AcceptAsync(IReadOnlyList<ProvenReport> ofOneCap, Caller caller, CancellationToken cancellationToken)
    {
        using var turn = await turns.EnterAsync(caller.Address, cancellationToken);
        return await grains.Cap(ofOneCap[0].Report.CapId).AcceptAsync(ofOneCap);
    }

    /// <returns>Nulls when the incident's grain does not answer.</returns>
    private async Task<IReadOnlyList<SignatureCheck?>> ProveAsync(List<IncidentReport> ofOneIncident, Caller caller, CancellationToken cancellationToken)
    {
        using var turn = await turns.EnterAsync(caller.Address, cancellationToken);
        try
        {
            return await grains.Incident(ofOneIncident[0].CapId, ofOneIncident[0].IncidentId).ProveAsync(ofOneIncident);
        }
        catch (Exception fault)
        {
            Report(fault, ofOneIncident[^1], ofOneIncident.Count);
            return new SignatureCheck?[ofOneIncident.Count];
        }
    }

    /// <summary>
    /// Logs at most once a second: while part of the cluster is unavailable, every incident for it ends here.
    /// </summary>
    private void Report(Exception fault, IncidentReport report, int incidents)
    {
        var count = Interlocked.Add(ref unreported, incidents);
        var last = Volatile.Read(ref lastReportAt);
        if ((last == 0 || time.GetElapsedTime(last) >= ReportInterval) && Interlocked.CompareExchange(ref lastReportAt,
            time.GetTimestamp(), last) == last)
        {
            Interlocked.Exchange(ref unreported, 0);
            LogFault(count, report.CapId, report.IncidentId, fault.GetType().Name, fault.Message);
        }
    }

    [LoggerMessage(300, LogLevel.Error, "{Count} incidents were answered with 503, the last one {CapId}/{IncidentId}: {Fault} {Message}")]
    private partial void LogFault(int count, string capId, string incidentId, string fault, string message);
}
