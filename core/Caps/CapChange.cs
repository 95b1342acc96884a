using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Caps;

/// <summary>What turns one version of a domain context into the next: the new context, and an entry for every change.</summary>
/// <param name="Next">Null when nothing changes or the definition is refused.</param>
public sealed record CapChange(CapContext? Next, IReadOnlyList<EntryDraft> Entries, Refusal? Refusal)
{
    public const int MaxKeys = 64;

    private static readonly string[] Roles = [Incidents.Admission.ReporterRole, "responder", "admin"];

    /// <param name="held">Null when the CapID is not registered yet.</param>
    public static CapChange Of(CapContext? held, string capId, CapDefinition wanted, string origin, DateTimeOffset now)
    {
        if (Fault(wanted, held) is { } refusal)
        {
            return new(null, [], refusal);
        }

        var next = new CapContext(
            capId, (held?.Version ?? 0) + 1,
            wanted.DisplayName ?? held?.DisplayName ?? capId,
            DecimalText.Normalize(wanted.CapPotential ?? held?.CapPotential ?? CapFormula.DefaultPotential),
            DecimalText.Normalize(wanted.Phi ?? held?.Phi ?? CapFormula.Feedback.Phi),
            DecimalText.Normalize(wanted.Psi ?? held?.Psi ?? CapFormula.Feedback.Psi),
            wanted.Keys is null ? held?.Keys ?? [] : MergeKeys(held?.Keys ?? [], wanted.Keys, now));
        var entries = Describe(held, next, origin, now).ToList();
        return entries.Count == 0 ? new(null, [], null) : new(next, entries, null);
    }

    private static Refusal? Fault(CapDefinition wanted, CapContext? held)
    {
        static Refusal? Range(string field, decimal? value, decimal min, decimal max) =>
            value is null || (value >= min && value <= max) ? null : new("invalid-field", field, $"a number from {min} to {max}");

        return Range("capPotential", wanted.CapPotential, 0.000001m, 1_000_000_000m)
            ?? Range("phi", wanted.Phi, 0m, 1_000m)
            ?? Range("psi", wanted.Psi, 0m, 1_000m)
            ?? (wanted.DisplayName is { } name && (name.Length is 0 or > 128 || name.Any(char.IsControl))
                ? new Refusal("invalid-field", "displayName", "1 to 128 printable characters") : null)
            ?? (held is null && wanted.Keys is null or [] ? new Refusal("invalid-field", "keys", "at least one key") : null)
            ?? (wanted.Keys is null ? null : KeysFault(wanted.Keys));
    }

    private static Refusal? KeysFault(IReadOnlyList<KeyDefinition> keys)
    {
        if (keys.Count is 0 or > MaxKeys)
        {
            return new("invalid-field", "keys", $"1 to {MaxKeys} keys");
        }

        var seen = new HashSet<EthereumAddress>();
        for (var i = 0; i < keys.Count; i++)
        {
            var (key, at) = (keys[i], $"keys[{i}]");
            var fault = key is null || !EthereumAddress.TryParse(key.Address, out var address)
                    ? new Refusal("invalid-field", $"{at}.address", "0x and 40 hex digits; mixed case carries the EIP-55 checksum")
                : address == default
                    ? new Refusal("invalid-field", $"{at}.address", "an address that somebody has the key of, not the zero address")
                : !seen.Add(address)
                    ? new Refusal("invalid-field", $"{at}.address", "a key is named once")
                : key.Roles is not null && (key.Roles.Count == 0 || key.Roles.Except(Roles).Any())
                    ? new Refusal("invalid-field", $"{at}.roles", $"at least one of {string.Join(", ", Roles)}")
                : key.NotBefore >= key.NotAfter
                    ? new Refusal("invalid-field", $"{at}.notAfter", "later than notBefore")
                : null;
            if (fault is not null)
            {
                return fault;
            }
        }

        return null;
    }

    private static List<SigningKey> MergeKeys(IReadOnlyList<SigningKey> held, IReadOnlyList<KeyDefinition> wanted, DateTimeOffset now)
    {
        var named = wanted.Select(Normalize).ToList();
        var kept = held.Where(key => named.All(other => other.Address != key.Address))
            .Select(key => key.RevokedAt is null ? key with { RevokedAt = now } : key);
        return [.. kept, .. named];
    }

    private static SigningKey Normalize(KeyDefinition key)
    {
        _ = EthereumAddress.TryParse(key.Address, out var address); // checked before
        var roles = key.Roles is null ? [Incidents.Admission.ReporterRole] : key.Roles.Distinct().Order(StringComparer.Ordinal).ToArray();
        return new SigningKey(address.ToString(), roles, key.NotBefore?.ToUniversalTime(), key.NotAfter?.ToUniversalTime(), null);
    }

    private static IEnumerable<EntryDraft> Describe(CapContext? held, CapContext next, string origin, DateTimeOffset now)
    {
        CanonicalObject Numbers() => new CanonicalObject()
            .Add("capId", next.CapId)
            .Add("capPotential", DecimalText.Of(next.CapPotential))
            .Add("contextVersion", next.Version)
            .Add("displayName", next.DisplayName)
            .Add("phi", DecimalText.Of(next.Phi))
            .Add("psi", DecimalText.Of(next.Psi));

        if (held is null)
        {
            yield return Entry.Write(EntryKinds.CapRegistered, origin, now, Numbers());
        }
        else if ((held.DisplayName, held.CapPotential, held.Phi, held.Psi) != (next.DisplayName, next.CapPotential, next.Phi, next.Psi))
        {
            yield return Entry.Write(EntryKinds.PolicyChanged, origin, now, Numbers());
        }

        foreach (var key in next.Keys)
        {
            var before = held?.Keys.FirstOrDefault(other => other.Address == key.Address);
            if (before is null || !Same(before, key))
            {
                var kind = key.RevokedAt is null ? EntryKinds.KeyAdded : EntryKinds.KeyRevoked;
                yield return Entry.Write(kind, origin, now, Describe(next, key));
            }
        }
    }

    private static CanonicalObject Describe(CapContext context, SigningKey key) => new CanonicalObject()
        .Add("address", key.Address)
        .Add("capId", context.CapId)
        .Add("contextVersion", context.Version)
        .Add("notAfter", key.NotAfter is { } until ? Entry.Instant(until) : null)
        .Add("notBefore", key.NotBefore is { } from ? Entry.Instant(from) : null)
        .Add("revokedAt", key.RevokedAt is { } revoked ? Entry.Instant(revoked) : null)
        .Add("roles", key.Roles);

    private static bool Same(SigningKey a, SigningKey b) =>
        (a.NotBefore, a.NotAfter, a.RevokedAt) == (b.NotBefore, b.NotAfter, b.RevokedAt) && a.Roles.SequenceEqual(b.Roles);
}
