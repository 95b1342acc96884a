using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Delegations;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.AuditLog;
using CapOrleans.Grains.Placement;
using Orleans.Concurrency;

namespace CapOrleans.Grains.Caps;

/// <summary>
/// Holds one CapID's domain context and score. Re-entrant, so that a hot CapID has many appends in flight: between judging
/// and committing others may run, and the log refuses an entry that was judged by an older context than the newest.
/// </summary>
[Reentrant, PlacedBesideItsLog, GrainType(CapGrains.CapType)]
internal sealed partial class CapGrain(IAuditLogReader reader, LogMap logs, LocalLogs local, AdmissionPolicy policy, TimeProvider time) : Grain, ICapGrain
{
    /// <summary>How often a judgement is repeated after another activation changed the context.</summary>
    private const int Attempts = 8;

    private readonly ReporterPace pace = new(time);
    private CapContext? context;
    private string origin = "";

    // Kept: to make a reference looks at the interface's attributes each time, which costs more than the call.
    private IAuditLogGrain? log;

    private string CapId => this.GetPrimaryKeyString();

    private int number;

    private IAuditLogGrain Log => log ??= GrainFactory.GetGrain<IAuditLogGrain>(number);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        number = logs.Of(CapId);
        origin = (await Log.HeadAsync()).Origin;
        await LoadAsync();
    }

    public async Task<Ruling> AcceptAsync(IncidentReport report, string scheme, string? signer, long? walletBlock)
    {
        var proof = new Proof(scheme, signer, walletBlock);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var now = time.GetUtcNow();
            if (Admission.Judge(context, report, proof, now) is { } refused)
            {
                LeaveIfUnknown();
                return await FindReceiptAsync(report, signer) is { } receipt ? Ruling.Repeat(receipt) : refused;
            }

            if (attempt == 0 && pace.Wait(signer ?? "", context!.Rules.ReportsPerMinute) is { } wait)
            {
                return CapRefusals.TooMany(context.Rules.ReportsPerMinute, wait);
            }

            var accepted = AcceptedIncident.Of(report, proof, context!, policy, now);
            var entry = accepted.ToEntry(origin);
            var outcome = await AppendAsync(Entail(accepted, entry, Admission.ContentHash(report, policy.ChainId)));
            if (outcome.Verdict != AppendVerdict.StaleContext)
            {
                return Rule(outcome, accepted, entry);
            }

            await LoadAsync();
        }

        return Ruling.Refuse(Verdict.Busy, "busy", "", "The CapID's context keeps changing; send the same again.");
    }

    public Task<bool> HasWalletAsync(string address)
    {
        LeaveIfUnknown();
        return Task.FromResult(context?.Keys.Any(key => key.IsContract && key.RevokedAt is null && key.Address == address) == true);
    }

    public async Task<string?> AuditDelegationAsync(string delegationLog)
    {
        if (context is null)
        {
            LeaveIfUnknown();
            return null;
        }

        using var document = JsonDocument.Parse(delegationLog);
        var now = time.GetUtcNow();
        var result = DelegationAudit.Of(document.RootElement, now);
        var said = Entry.Write(EntryKinds.DelegationAudited, origin, now, new CanonicalObject()
            .Add("capId", CapId).Add("log", delegationLog).Add("result", result));
        var outcome = await AppendAsync(new Append { Entries = [said] });
        return outcome.Verdict == AppendVerdict.Appended
            ? result
            : throw new InvalidOperationException($"The log answered {outcome.Verdict}; ask again.");
    }

    /// <summary>The totals are read where the same transaction keeps them that keeps the entries.</summary>
    public async Task<CapView?> ReadAsync()
    {
        LeaveIfUnknown();
        return context is not null && await reader.FindCapAsync(CapId, CancellationToken.None) is { } found
            ? new CapView(
                CapId, found.Context.Version, found.Context.DisplayName, found.Context.CapPotential, found.Context.Phi, found.Context.Psi,
                found.Context.Keys, DecimalText.Normalize(found.Score), found.Incidents, found.Context.Rules, origin)
            : null;
    }

    private static Append Entail(AcceptedIncident accepted, EntryDraft entry, byte[] content) => new()
    {
        Entries = [entry],
        Incident = new IncidentRow(
            accepted.CapId, accepted.IncidentId, content, Severity.Rank(accepted.Severity),
            accepted.DeltaCap, accepted.AcceptedAt),
        Fence = new CapFence(accepted.CapId, accepted.ContextVersion),
    };

    private Ruling Rule(AppendOutcome outcome, AcceptedIncident accepted, EntryDraft entry)
    {
        switch (outcome.Verdict)
        {
            case AppendVerdict.Appended:
                return Ruling.Accept(accepted.ReceiptFor(origin, outcome.Index, entry.Bytes));
            case AppendVerdict.AlreadyThere:
                return Ruling.Repeat(AcceptedIncident.Read(outcome.Existing).ReceiptFor(origin, outcome.Index, outcome.Existing));
            case AppendVerdict.Conflicts:
                return Ruling.Refuse(Verdict.Conflicts, "conflict", "task_id", "An incident id is used once per CapID; other content was accepted under it.");
            case AppendVerdict.Busy:
                return Ruling.Refuse(Verdict.Busy, "busy", "", "The log's queue is full; send the same again.");
            default:
                throw new InvalidOperationException($"The log answered {outcome.Verdict} to an incident.");
        }
    }

    private Task<AppendOutcome> AppendAsync(Append append) =>
        local.TryFind(number, out var commit) ? commit.AppendAsync(append) : Log.AppendAsync(append);

    /// <summary>
    /// What was accepted stays accepted: a repetition that arrives after its key was revoked or its time ran out still gets the
    /// first receipt. Only for keys of this CapID, revoked ones among them: nobody else can have been accepted, and a stranger
    /// must not cost a look into the database.
    /// </summary>
    private async Task<Receipt?> FindReceiptAsync(IncidentReport report, string? signer)
    {
        if (context is null || !context.Keys.Any(key => key.Address == signer)
            || await reader.FindIncidentAsync(report.CapId, report.IncidentId, CancellationToken.None) is not { } entry)
        {
            return null;
        }

        var accepted = AcceptedIncident.Read(entry.Bytes);
        return accepted.Says(report) ? accepted.ReceiptFor(origin, entry.Index, entry.Bytes) : null;
    }

    private async Task LoadAsync() => context = (await reader.FindCapAsync(CapId, CancellationToken.None))?.Context;

    /// <summary>Names that nobody registered must not keep memory.</summary>
    private void LeaveIfUnknown()
    {
        if (context is null)
        {
            DeactivateOnIdle();
        }
    }
}
