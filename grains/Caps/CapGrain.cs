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
using CapOrleans.Core.Heartbeats;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.AuditLog;
using CapOrleans.Grains.Placement;
using Orleans.Concurrency;

namespace CapOrleans.Grains.Caps;

/// <summary>
/// Holds one CapID's domain context, and serves its score. Re-entrant, so that a busy CapID can have many appends in
/// flight: other calls may run between judging and committing, and the log refuses an entry that was judged by an
/// outdated context.
/// </summary>
[Reentrant, PlacedBesideItsLog, GrainType(CapGrains.CapType)]
internal sealed partial class CapGrain(
    IAuditLogReader reader, IIncidentGroupReader groupReader, IHeartbeatReader heartbeats, IEscalationReader escalations,
    ContextLoads loads, LogMap logs, LocalLogs local, AdmissionPolicy policy, TimeProvider time) : Grain, ICapGrain
{
    /// <summary>Maximum attempts to judge while other activations keep changing the context.</summary>
    private const int Attempts = 8;

    private readonly ReporterRateLimit rateLimit = new(time), changes = new(time);
    private CapContext? context;
    private GroupCommit? opened;
    private Task refreshing = Task.CompletedTask;
    private bool isRead;
    private string origin = "";

    // Cached: creating a reference reads the interface's attributes each time, which costs more than the call.
    private IAuditLogGrain? log;

    private string CapId => this.GetPrimaryKeyString();

    private int number;

    private IAuditLogGrain Log => log ??= GrainFactory.GetGrain<IAuditLogGrain>(number);

    /// <summary>Reads nothing: anyone can name any CapID, and every activation that fails is logged.</summary>
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
            DeactivateIfUnregistered();
            return new WalletStanding(false, null);
        }

        // An identical report has the signature that the wallet accepted then, whatever it would answer now. Anyone can
        // ask, so few lookups run at a time, and an entry without the hash is not parsed.
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
            DeactivateIfUnregistered();
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
            : throw new InvalidOperationException($"The log did not accept the entry ({outcome.Verdict}); try again.");
    }

    /// <summary>
    /// Reads the totals from the database, where one transaction updates them together with the entries.
    /// </summary>
    public async Task<CapView?> ReadAsync()
    {
        await RefreshAsync();
        DeactivateIfUnregistered();
        return context is not null && await reader.FindCapAsync(CapId, CancellationToken.None) is { } found
            ? new CapView(
                CapId, found.Context.Version, found.Context.DisplayName, found.Context.CapPotential, found.Context.Phi, found.Context.Psi,
                found.Context.Keys, DecimalText.Normalize(found.Score), found.Incidents, found.Context.Rules, origin)
            : null;
    }

    private Task<AppendOutcome> AppendAsync(Append append) =>
        local.TryFind(number, out var commit) ? commit.AppendAsync(append) : Log.AppendAsync(append);

    /// <summary>
    /// Reloads the context if the log was opened again, since it may have changed: its database was rolled back, or
    /// another silo had the log for a while. A context from before could refuse a valid key, and a refused report never
    /// reaches the log, which would reveal the error.
    /// </summary>
    private async Task RefreshAsync()
    {
        // If the log is in another process, a reopening is not visible here.
        var localCommit = local.TryFind(number, out var commit) ? commit : opened;
        if (!isRead || localCommit != opened)
        {
            (isRead, opened, refreshing) = (true, localCommit, LoadAsync(context));
        }

        try
        {
            await refreshing;
        }
        catch
        {
            (isRead, refreshing) = (false, Task.CompletedTask);
            DeactivateIfUnregistered();
            throw;
        }
    }

    /// <param name="refused">The context that the log refused as outdated; null when there is none.</param>
    /// <remarks>
    /// A read that began before a change may finish after it, so the newer version is kept. But a context that the log
    /// itself refused is replaced, newer or not: the database was rolled back to an older state, as by a restored
    /// backup, and no longer has that version.
    /// </remarks>
    private async Task LoadAsync(CapContext? refused)
    {
        if (origin.Length == 0)
        {
            origin = (await Log.HeadAsync()).Origin;
        }

        var read = (await loads.RunAsync(() => reader.FindCapAsync(CapId, CancellationToken.None)))?.Context;
        groups.Clear();
        context = !ReferenceEquals(context, refused) && (read?.Version ?? 0) < context?.Version ? context : read;
    }

    /// <summary>Deactivates unless the CapID is registered, so that unregistered names take no memory.</summary>
    private void DeactivateIfUnregistered()
    {
        if (context is null)
        {
            DeactivateOnIdle();
        }
    }
}
