using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Access;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Caps;

/// <summary>
/// The change from one version of a domain context to the next: the new context, and an entry for every change.
/// </summary>
/// <param name="Next">Null when nothing changes, or the change is refused.</param>
public sealed record CapChange(CapContext? Next, IReadOnlyList<EntryDraft> Entries, Refusal? Refusal)
{
    public const int MaxKeys = 64;

    private const int MaxDisplayNameLength = 128;

    /// <summary>
    /// Maximum number of keys that a CapID has ever had: the revoked ones stay in its
    /// context, so that they remain revoked.
    /// </summary>
    public const int MaxKeysEver = 512;

    /// <summary>The change to what an operator defines.</summary>
    /// <param name="current">Null when the CapID is not registered yet.</param>
    public static CapChange Of(CapContext? current, string capId, CapDefinition wanted, Authority authority, string origin, DateTimeOffset now)
    {
        if (Fault(wanted, current) is { } refusal)
        {
            return new(null, [], refusal);
        }

        if (wanted.Keys is { } named && current is not null && named.Any(key => current.Keys.Any(other => other.RevokedAt is not null && IsSame(other, key))))
        {
            return new(null, [], CapRefusals.KeyRevoked);
        }

        var next = new CapContext(
            capId, (current?.Version ?? 0) + 1,
            wanted.DisplayName ?? current?.DisplayName ?? capId,
            DecimalText.Normalize(wanted.CapPotential ?? current?.CapPotential ?? CapFormula.DefaultPotential),
            DecimalText.Normalize(wanted.Phi ?? current?.Phi ?? CapFormula.Feedback.Phi),
            DecimalText.Normalize(wanted.Psi ?? current?.Psi ?? CapFormula.Feedback.Psi),
            wanted.Keys is null ? current?.Keys ?? [] : MergeKeys(current?.Keys ?? [], wanted.Keys, authority, now),
            PolicyChange.Of(current?.Rules ?? CapPolicy.Default, wanted.Policy));
        return To(current, next, authority, origin, now);
    }

    /// <summary>One change, on the authority of an admin key or an operator.</summary>
    public static CapChange Of(CapContext current, ContextChange wanted, Authority authority, string origin, DateTimeOffset now)
    {
        var next = current with { Version = current.Version + 1 };
        var refusal = wanted switch
        {
            { AddKey: { } key, RevokeKey: null, Policy: null } => AddKey(ref next, key, authority),
            { AddKey: null, RevokeKey: { } revocation, Policy: null } => Revoke(ref next, revocation, now),
            { AddKey: null, RevokeKey: null, Policy: { } policy } => Change(ref next, policy, authority),
            _ => new Refusal("invalid-field", "change", "exactly one of addKey, revokeKey or policy"),
        };
        return refusal is null ? To(current, next, authority, origin, now) : new(null, [], refusal);
    }

    private static CapChange To(CapContext? current, CapContext next, Authority authority, string origin, DateTimeOffset now)
    {
        if ((next.Keys.Count > MaxKeysEver ? CapRefusals.TooManyKeys : KeyRules.RefuseLosingLastAdmin(current, next.Keys,
            now)) is { } refusal)
        {
            return new(null, [], refusal);
        }

        var entries = CapEntries.Of(current, next, authority, origin, now).ToList();
        return entries.Count == 0 ? new(null, [], null) : new(next, entries, null);
    }

    private static Refusal? AddKey(ref CapContext context, KeyDefinition wanted, Authority authority)
    {
        if (KeyRules.Fault(wanted, "change.addKey") is { } fault)
        {
            return fault;
        }

        var key = KeyRules.Read(wanted, authority);
        var before = context.Keys.FirstOrDefault(other => other.Address == key.Address);
        if (before?.RevokedAt is not null)
        {
            return CapRefusals.KeyRevoked;
        }

        if (before is null && context.Keys.Count(other => other.RevokedAt is null) >= MaxKeys)
        {
            return new("invalid-field", "change.addKey", $"at most {MaxKeys} keys that are not revoked");
        }

        context = context with { Keys = before is null ? [.. context.Keys, key] : [.. context.Keys.Select(other => other == before ? key : other)] };
        return null;
    }

    private static Refusal? Revoke(ref CapContext context, KeyRevocation wanted, DateTimeOffset now)
    {
        if (wanted.Reason is not null && !PrintableText.IsValid(wanted.Reason, KeyRules.MaxReasonLength))
        {
            return new("invalid-field", "change.revokeKey.reason", PrintableText.Rule(KeyRules.MaxReasonLength));
        }

        if (!EthereumAddress.TryParseAnyCase(wanted.Address, out var address) || context.Keys.All(key => key.Address != address.ToString()))
        {
            return new("invalid-field", "change.revokeKey.address", "the address of a key of the CapID");
        }

        context = context with
        {
            Keys = [.. context.Keys.Select(key => key.Address == address.ToString() && key.RevokedAt is null ? key with { RevokedAt = now, Reason = wanted.Reason } : key)],
        };
        return null;
    }

    private static Refusal? Change(ref CapContext context, PolicyDefinition wanted, Authority authority)
    {
        if (!authority.IsOperator && (wanted.SelfFeedback, wanted.DeltaCapLimit, wanted.ReportsPerMinute) is not (null, null, null))
        {
            return CapRefusals.OperatorOnly;
        }

        context = context with { Policy = PolicyChange.Of(context.Rules, wanted) };
        return PolicyChange.Fault(wanted);
    }

    private static Refusal? Fault(CapDefinition wanted, CapContext? current)
    {
        static Refusal? Range(string field, decimal? value, decimal min, decimal max) =>
            value is null || (value >= min && value <= max) ? null : new("invalid-field", field, $"a number from {min} to {max}");

        return Range("capPotential", wanted.CapPotential, 0.000001m, 1_000_000_000m)
            ?? Range("phi", wanted.Phi, 0m, 1_000m)
            ?? Range("psi", wanted.Psi, 0m, 1_000m)
            ?? (wanted.DisplayName is not null && !PrintableText.IsValid(wanted.DisplayName, MaxDisplayNameLength)
                ? new Refusal("invalid-field", "displayName", PrintableText.Rule(MaxDisplayNameLength)) : null)
            ?? (current is null && wanted.Keys is null or [] ? new Refusal("invalid-field", "keys", "at least one key") : null)
            ?? (wanted.Keys is null ? null : KeysFault(wanted.Keys))
            ?? PolicyChange.Fault(wanted.Policy);
    }

    private static Refusal? KeysFault(IReadOnlyList<KeyDefinition> keys)
    {
        if (keys.Count is 0 or > MaxKeys)
        {
            return new("invalid-field", "keys", $"1 to {MaxKeys} keys");
        }

        for (var i = 0; i < keys.Count; i++)
        {
            if (KeyRules.Fault(keys[i], $"keys[{i}]") is { } fault)
            {
                return fault;
            }
        }

        var addresses = keys.Select(key => key.Address!.ToUpperInvariant()).ToList();
        var twice = addresses.FindIndex(address => addresses.IndexOf(address) != addresses.LastIndexOf(address));
        return twice < 0 ? null : new("invalid-field", $"keys[{addresses.LastIndexOf(addresses[twice])}].address", "each key only once");
    }

    private static bool IsSame(SigningKey current, KeyDefinition wanted) =>
        EthereumAddress.TryParse(wanted.Address, out var address) && address.ToString() == current.Address;

    private static List<SigningKey> MergeKeys(IReadOnlyList<SigningKey> current, IReadOnlyList<KeyDefinition> wanted, Authority authority, DateTimeOffset now)
    {
        var named = wanted.Select(key => KeyRules.Read(key, authority)).ToList();
        var kept = current.Where(key => named.All(other => other.Address != key.Address))
            .Select(key => key.RevokedAt is null ? key with { RevokedAt = now } : key);
        return [.. kept, .. named.Select(key => current.FirstOrDefault(other => CapEntries.AreEqual(other, key)) ?? key)];
    }
}
