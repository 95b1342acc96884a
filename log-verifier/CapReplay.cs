using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;

namespace CapOrleans.LogVerifier;

/// <summary>A CapID rebuilt from its entries, in order: its keys, the rules it is judged by, and its score.</summary>
internal sealed class CapReplay(string capId)
{
    /// <summary>Null before its registration. Its revision exists only in the database and stays 0 here.</summary>
    public CapContext? Context { get; private set; }

    /// <summary>The sum of dCaps and corrections; saturates at the range of 64 bits at four decimals.</summary>
    public decimal Score
    {
        get;
        private set => field = Math.Clamp(value, long.MinValue / 10_000m, long.MaxValue / 10_000m);
    }

    public long Incidents { get; private set; }

    /// <param name="body">The body of a <c>cap.registered</c> or <c>cap.policy-changed</c> entry.</param>
    public void Define(JsonElement body)
    {
        var text = (string name) => body.GetProperty(name).GetString()!;
        Context = new CapContext(
            capId, body.GetProperty("contextVersion").GetInt64(), text("displayName"),
            DecimalText.Read(text("capPotential")), DecimalText.Read(text("phi")), DecimalText.Read(text("psi")), Context?.Keys ?? [],
            new CapPolicy(
                body.GetProperty("requireFullSignature").GetBoolean(), text("selfFeedback"), text("pagingFloor"),
                body.GetProperty("maxBehindSeconds").GetInt32(), body.GetProperty("maxAheadSeconds").GetInt32(),
                DecimalText.Read(text("deltaCapLimit")), body.GetProperty("reportsPerMinute").GetInt32(),
                body.TryGetProperty("freeSeverity", out var free) && free.GetBoolean(),
                body.TryGetProperty("groupBy", out var groupBy) ? groupBy.GetString()! : CapPolicy.Default.GroupBy,
                body.TryGetProperty("groupWindowSeconds", out var window) ? window.GetInt32() : CapPolicy.Default.GroupWindowSeconds));
    }

    /// <param name="body">The body of a <c>cap.key-added</c> or <c>cap.key-revoked</c> entry.</param>
    /// <returns>What is wrong with the entry; null when nothing is.</returns>
    public string? SetKey(JsonElement body)
    {
        if (Context is not { } context)
        {
            return "names a key of a CapID that was not registered before";
        }

        DateTimeOffset? Instant(string name) => body.GetProperty(name).GetString() is { } text ? Entry.ReadInstant(text) : null;
        var address = body.GetProperty("address").GetString()!;
        var before = context.Keys.FirstOrDefault(key => key.Address == address);
        if (before?.RevokedAt is { } revoked)
        {
            return $"changes the key {address}, which was revoked at {Entry.Instant(revoked)}";
        }

        var key = new SigningKey(
            address, [.. body.GetProperty("roles").EnumerateArray().Select(role => role.GetString()!)],
            Instant("notBefore"), Instant("notAfter"), Instant("revokedAt"), body.GetProperty("reason").GetString(),
            IsContract: body.GetProperty("contract").GetBoolean());
        Context = context with
        {
            Version = body.GetProperty("contextVersion").GetInt64(),
            Keys = [.. context.Keys.Where(other => other != before), key],
        };
        return null;
    }

    /// <param name="body">The body of a <c>score.corrected</c> entry.</param>
    /// <returns>As <see cref="SetKey"/>.</returns>
    public string? Correct(JsonElement body)
    {
        Score += DecimalText.Read(body.GetProperty("adjustment").GetString()!);
        Context = Context is { } context ? context with { Version = body.GetProperty("contextVersion").GetInt64() } : null;
        return Context is null ? "corrects the score of a CapID that was not registered before" : null;
    }

    /// <summary>Re-checks an update of an incident against the keys that the CapID had then.</summary>
    /// <returns>As <see cref="SetKey"/>.</returns>
    public string? Update(LogEntry entry, string origin) => Context is { } context
        ? IncidentUpdates.FaultOf(entry, origin, context) : "updates an incident of a CapID that was not registered before";

    /// <summary>Judges the incident again, by the context that was in effect when it was accepted.</summary>
    /// <returns>As <see cref="SetKey"/>.</returns>
    public string? Accept(AcceptedIncident incident)
    {
        Score += incident.DeltaCap;
        Incidents++;
        if (AcceptedProof.Fault(incident) is { } fault)
        {
            return $"has an invalid proof: {fault}";
        }

        if (Context is { } context && NumberThatDiffers(incident, context) is { } number)
        {
            return $"was judged by a different {number} than its CapID had then";
        }

        // The request parses, or its proof would have had a fault. The log does not record whether it came by a legacy
        // call, which takes any severity.
        var report = IncidentReader.Read(Encoding.UTF8.GetBytes(incident.Request)).Report! with { TakesAnySeverity = true };
        var proof = new Proof(incident.Scheme, incident.Signer) { IsWallet = incident.WalletBlock is not null };
        var ruling = Admission.Judge(Context, report, proof, incident.AcceptedAt);
        return ruling?.Refusal is { } refusal ? $"should have been refused: {refusal.Rule}" : null;
    }

    /// <returns>Whether the stored context equals the replayed one.</returns>
    public bool Matches(CapContext stored) => Context is { } context
        && (stored.Version, stored.DisplayName, stored.CapPotential, stored.Phi, stored.Psi, stored.Rules)
            == (context.Version, context.DisplayName, context.CapPotential, context.Phi, context.Psi, context.Rules)
        && InOrder(stored).SequenceEqual(InOrder(context));

    private static IEnumerable<string> InOrder(CapContext context) => context.Keys.OrderBy(key => key.Address, StringComparer.Ordinal)
        .Select(key => $"{key with { Roles = [], AddedBy = null }} {string.Join(',', key.Roles)}");

    private static string? NumberThatDiffers(AcceptedIncident incident, CapContext context) =>
        incident.ContextVersion != context.Version ? "version"
        : incident.CapPotential != context.CapPotential ? "Cap^P"
        : (incident.Phi, incident.Psi) != (context.Phi, context.Psi) ? "phi and psi"
        : (incident.DeltaCapLimit, incident.SelfFeedback, incident.PagingFloor)
            != (context.Rules.DeltaCapLimit, context.Rules.SelfFeedback, context.Rules.PagingFloor) ? "policy"
        : null;
}
