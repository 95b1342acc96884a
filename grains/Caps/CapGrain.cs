using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Delegations;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Escalation;
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
internal sealed partial class CapGrain(
    IAuditLogReader reader, IEscalationReader escalations, ContextLoads loads, LogMap logs, LocalLogs local, AdmissionPolicy policy,
        TimeProvider time) : Grain, ICapGrain
{
    /// <summary>How often a judgement is repeated after another activation changed the context.</summary>
    private const int Attempts = 8;

    private readonly ReporterRateLimit rateLimit = new(time), changes = new(time);
    private CapContext? context;
    private GroupCommit? opened;
    private Task refreshing = Task.CompletedTask;
    private bool isRead;
    private string origin = "";

    // Kept: to make a reference looks at the interface's attributes each time, which costs more than the call.
    private IAuditLogGrain? log;

    private string CapId => this.GetPrimaryKeyString();

    private int number;

    private IAuditLogGrain Log => log ??= GrainFactory.GetGrain<IAuditLogGrain>(number);

    /// <summary>Reads nothing: anybody can name any CapID, and an activation that fails is logged each time.</summary>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        number = logs.Of(CapId);
        return Task.CompletedTask;
    }

    public async Task<WalletStanding> StandingAsync(IncidentReport report, string wallet)
    {
        await RefreshAsync();
        if (context?.Keys.Any(key => key.IsContract && key.Address == wallet) != true)
        {
            LeaveIfUnknown();
            return new WalletStanding(false, null);
        }

        // The same to the letter has the signature that the wallet took then, whatever it would say now. Anybody can ask: few look at once,
        // and what does not have the hash is not read.
        return await loads.RunAsync(() => reader.FindIncidentAsync(report.CapId, report.IncidentId, CancellationToken.None)) is { } entry
            && entry.Bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(report.AuditHash)) >= 0
            && AcceptedIncident.Read(entry.Bytes) is var accepted && accepted.AuditHash == report.AuditHash
            ? new WalletStanding(true, Ruling.Repeat(accepted.ReceiptFor(origin, entry.Index, entry.Bytes)))
            : new WalletStanding(
                true, Admission.Judge(context, report, new Proof(report.Scheme, wallet) { IsWallet = true }, time.GetUtcNow()));
    }

    public async Task<string?> AuditDelegationAsync(string delegationLog, Actor actor)
    {
        await RefreshAsync();
        if (context is null)
        {
            LeaveIfUnknown();
            return null;
        }

        using var document = JsonDocument.Parse(delegationLog);
        var now = time.GetUtcNow();
        var result = DelegationAudit.Of(document.RootElement, now);
        var audited = Entry.Write(EntryKinds.DelegationAudited, origin, now, new CanonicalObject()
            .AddActor(actor).Add("capId", CapId).Add("log", delegationLog).Add("result", result));
        var outcome = await AppendAsync(new Append { Entries = [audited] });
        return outcome.Verdict == AppendVerdict.Appended
            ? result
            : throw new InvalidOperationException($"The log answered {outcome.Verdict}; ask again.");
    }

    /// <summary>The totals are read where the same transaction keeps them that keeps the entries.</summary>
    public async Task<CapView?> ReadAsync()
    {
        await RefreshAsync();
        LeaveIfUnknown();
        return context is not null && await reader.FindCapAsync(CapId, CancellationToken.None) is { } found
            ? new CapView(
                CapId, found.Context.Version, found.Context.DisplayName, found.Context.CapPotential, found.Context.Phi, found.Context.Psi,
                found.Context.Keys, DecimalText.Normalize(found.Score), found.Incidents, found.Context.Rules, origin)
            : null;
    }

    private Task<AppendOutcome> AppendAsync(Append append) =>
        local.TryFind(number, out var commit) ? commit.AppendAsync(append) : Log.AppendAsync(append);

    /// <summary>
    /// A log that was opened again may be another than it was: its database was set back, or another had it for a while. What is held of
    /// before then could refuse a key that counts, and nothing that is refused reaches the log, which would tell.
    /// </summary>
    private async Task RefreshAsync()
    {
        // Of a log in another process, nobody here sees that it was opened again.
        var here = local.TryFind(number, out var commit) ? commit : opened;
        if (!isRead || here != opened)
        {
            (isRead, opened, refreshing) = (true, here, LoadAsync(context));
        }

        try
        {
            await refreshing;
        }
        catch
        {
            (isRead, refreshing) = (false, Task.CompletedTask);
            LeaveIfUnknown();
            throw;
        }
    }

    /// <param name="refused">What the log did not take for the newest context; null for none.</param>
    /// <remarks>
    /// A read that was begun before a change may end after it: the newer version stays. What the log itself refused goes, newer or not: its
    /// database was set back to an older state, as by a restored backup, and knows no such version any more.
    /// </remarks>
    private async Task LoadAsync(CapContext? refused)
    {
        if (origin.Length == 0)
        {
            origin = (await Log.HeadAsync()).Origin;
        }

        var read = (await loads.RunAsync(() => reader.FindCapAsync(CapId, CancellationToken.None)))?.Context;
        context = !ReferenceEquals(context, refused) && (read?.Version ?? 0) < context?.Version ? context : read;
    }

    /// <summary>Names that nobody registered must not keep memory.</summary>
    private void LeaveIfUnknown()
    {
        if (context is null)
        {
            DeactivateOnIdle();
        }
    }
}
