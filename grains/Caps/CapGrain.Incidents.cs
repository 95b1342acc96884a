using System.Text;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Telemetry;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Caps;

/// <summary>Judges a CapID's incidents and appends them to the log.</summary>
internal sealed partial class CapGrain
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private long lookedAt;

    /// <remarks>
    /// Reports enter the log's queue one at a time, without waiting for a commit in between, so that a hundred share
    /// one transaction and still appear in the log in the order sent. If the context turns out to be outdated, the
    /// reports refused for that were not committed, and are judged again.
    /// </remarks>
    public async Task<IReadOnlyList<Ruling>> AcceptAsync(IReadOnlyList<ProvenReport> reports)
    {
        using var span = CallTrace.Start(CapTelemetry.Source, "cap.accept");
        await RefreshAsync();
        var (rulings, counted) = (new Ruling?[reports.Count], new bool[reports.Count]);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var judgedBy = context;
            var (steps, isStale) = await SubmitAsync(reports, rulings, counted);
            foreach (var step in steps)
            {
                var outcome = await step.Outcome;
                rulings[step.Number] = RulingOf(outcome, step);
                isStale |= rulings[step.Number] is null;
                if (outcome.Verdict is not (AppendVerdict.Appended or AppendVerdict.StaleContext))
                {
                    rateLimit.Refund(SenderOf(step.Accepted.Signer, step.Accepted.Integration), step.PerMinute, step.Units);
                }

                if (outcome.Verdict != AppendVerdict.Appended && step.Accepted.Group is { } group)
                {
                    groups.Remove(group.Id);
                }
            }

            if (!isStale)
            {
                break;
            }

            await LoadAsync(judgedBy);
        }

        var kept = KeepOrder(rulings);
        await ResolveAsync(reports, kept);
        return kept;
    }

    /// <summary>
    /// Judges the reports that have no ruling yet, all by the same context, and submits them to the log.
    /// </summary>
    /// <param name="counted">For each report, whether its reporter's rate limit has counted it already.</param>
    /// <returns>The submitted reports, and whether the context that they were judged by is outdated.</returns>
    private async Task<(List<Step> Steps, bool IsStale)> SubmitAsync(IReadOnlyList<ProvenReport> reports, Ruling?[] rulings, bool[] counted)
    {
        var (current, steps) = (context, new List<Step>(reports.Count));
        for (var i = 0; i < reports.Count && !(i > 0 && rulings[i - 1]?.IsRetryable == true); i++)
        {
            if (rulings[i] is not null)
            {
                continue;
            }

            var (now, proven) = (time.GetUtcNow(), reports[i]);
            var (report, proof) = (proven.Report, new Proof(proven.Scheme, proven.Signer, proven.WalletBlock));
            if (Admission.Judge(current, report, proof, now) is { } refused)
            {
                DeactivateIfUnregistered();
                rulings[i] = await FindAsync(report, proof.Signer) is { Verdict: Verdict.AlreadyAccepted } repeat ? repeat : refused;
                if (rulings[i] == refused && current is not null && MayReadDatabase(current, proof.Signer) && !await IsNewestAsync(current))
                {
                    rulings[i] = null; // the key may be valid, if the database was rolled back
                    return (steps, true);
                }

                continue;
            }

            var (sender, perMinute) = (SenderOf(proof.Signer, proven.Integration), current!.Rules.ReportsPerMinute);
            var units = ReporterRateLimit.Units(Encoding.UTF8.GetByteCount(report.Request), perMinute);
            if (!counted[i])
            {
                rulings[i] = rateLimit.IsMostlySpent(sender, perMinute, units) && await FindAsync(report, proof.Signer) is { } found ? found
                    : rateLimit.Wait(sender, perMinute, units) is { } wait ? CapRefusals.TooMany(perMinute, wait)
                    : null;
                if (rulings[i] is not null)
                {
                    continue;
                }
            }

            counted[i] = true;
            var accepted = AcceptedIncident.Of(report, proof, current!, policy, now) with { Integration = proven.Integration };
            accepted = accepted with { Group = await GroupAsync(accepted, report.DedupKey, current.Rules) };
            var entry = accepted.ToEntry(origin);
            var isLocal = local.TryFind(number, out _);
            var step = new Step(i, accepted, entry, AppendAsync(ToAppend(accepted, entry, current,
                Admission.ContentHash(report, proof.Scheme, policy.ChainId))), perMinute, units);
            steps.Add(step);
            if ((step.Outcome.IsCompleted || !isLocal) && (await step.Outcome).Verdict is AppendVerdict.Busy or AppendVerdict.StaleContext)
            {
                break; // later reports would overtake it; a remote log is awaited, since calls to it may be reordered
            }
        }

        return (steps, false);
    }

    /// <summary>Returns what the rate limit counts by.</summary>
    private static string SenderOf(string? signer, IntegrationReference? integration) =>
        signer ?? (integration is null ? "" : $"integration {integration.Id}");

    /// <summary>
    /// Whether to check for a newer context: always for a key of the CapID; for any other signer, who must not cost
    /// much, once a second.
    /// </summary>
    private bool MayReadDatabase(CapContext current, string? signer)
    {
        var mayLook = HasKey(current, signer) || time.GetElapsedTime(lookedAt) >= LookInterval;
        lookedAt = mayLook ? time.GetTimestamp() : lookedAt;
        return mayLook;
    }

    private static bool HasKey(CapContext? current, string? signer) => current?.Keys.Any(key => key.Address == signer) == true;

    private async Task<bool> IsNewestAsync(CapContext current) =>
        await reader.FindCapAsync(CapId, CancellationToken.None) is { Context: var read } && (read.Version, read.Revision) == (current.Version, current.Revision);

    /// <summary>
    /// Fills in missing rulings: such a report follows one that must be sent again, or the context kept changing.
    /// </summary>
    private static Ruling[] KeepOrder(Ruling?[] rulings)
    {
        var kept = new Ruling[rulings.Length];
        for (var i = 0; i < rulings.Length; i++)
        {
            kept[i] = rulings[i] ?? (i > 0 && kept[i - 1].IsRetryable
                ? Ruling.AfterAnother
                : Ruling.Refuse(Verdict.Busy, "busy", "", "The CapID's context keeps changing; retry the same request."));
        }

        return kept;
    }

    private static Append ToAppend(AcceptedIncident accepted, EntryDraft entry, CapContext judgedBy, byte[] content) => new()
    {
        Entries = [entry],
        Incident = new IncidentRow(
            accepted.CapId, accepted.IncidentId, content, Severity.Rank(accepted.Severity),
            accepted.DeltaCap, accepted.AcceptedAt, accepted.Group?.Id, accepted.Group?.First),
        Expected = ExpectedVersion.Of(accepted.CapId, judgedBy),
    };

    /// <returns>Null when the context was outdated.</returns>
    private Ruling? RulingOf(AppendOutcome outcome, Step step) => outcome.Verdict switch
    {
        AppendVerdict.Appended => Ruling.Accept(step.Accepted.ReceiptFor(origin, outcome.Index, step.Entry.Bytes)),
        AppendVerdict.AlreadyAccepted => Ruling.Repeat(AcceptedIncident.Read(outcome.Existing).ReceiptFor(origin,
            outcome.Index, outcome.Existing)),
        AppendVerdict.Conflicts => CapRefusals.OtherContent,
        AppendVerdict.Busy => Ruling.Refuse(Verdict.Busy, "busy", "", "The log's queue is full; retry the same request."),
        AppendVerdict.StaleContext => null,
        _ => throw new InvalidOperationException($"The log answered {outcome.Verdict} to an incident."),
    };

    /// <summary>
    /// Looks up an earlier acceptance. What was accepted stays accepted: a duplicate that arrives after its key was
    /// revoked or its time window closed still gets the first receipt. Only for keys of this CapID, revoked ones
    /// included: no other signer can have been accepted, and an unknown one must not cost a database read.
    /// </summary>
    /// <returns>The first receipt, or a conflict when other content has the id; null when the id is unused.</returns>
    private async Task<Ruling?> FindAsync(IncidentReport report, string? signer)
    {
        if (!HasKey(context, signer) || await reader.FindIncidentAsync(report.CapId, report.IncidentId, CancellationToken.None) is not { } entry)
        {
            return null;
        }

        var accepted = AcceptedIncident.Read(entry.Bytes);
        return accepted.Matches(report) ? Ruling.Repeat(accepted.ReceiptFor(origin, entry.Index, entry.Bytes)) : CapRefusals.OtherContent;
    }

    /// <param name="Number">The report's position in the batch.</param>
    private sealed record Step(int Number, AcceptedIncident Accepted, EntryDraft Entry, Task<AppendOutcome> Outcome, int PerMinute, int Units);
}
