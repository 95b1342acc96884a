using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.DeltaCap;

namespace CapOrleans.Core.Caps;

/// <summary>The log entries of a change: one for the numbers and the policy, one for each key that changed.</summary>
internal static class CapEntries
{
    public static IEnumerable<EntryDraft> Of(CapContext? current, CapContext next, Authority authority, string origin, DateTimeOffset now)
    {
        if (current is null)
        {
            yield return Entry.Write(EntryKinds.CapRegistered, origin, now, ContextBody(next, authority));
        }
        else if ((current.DisplayName, current.CapPotential, current.Phi, current.Psi, current.Rules) != (next.DisplayName, next.CapPotential, next.Phi, next.Psi, next.Rules))
        {
            yield return Entry.Write(EntryKinds.PolicyChanged, origin, now, ContextBody(next, authority));
        }

        foreach (var key in next.Keys)
        {
            var before = current?.Keys.FirstOrDefault(other => other.Address == key.Address);
            if (before is null || !AreEqual(before, key))
            {
                var kind = key.RevokedAt is null ? EntryKinds.KeyAdded : EntryKinds.KeyRevoked;
                yield return Entry.Write(kind, origin, now, KeyBody(next, key, authority));
            }
        }
    }

    private static CanonicalObject ContextBody(CapContext context, Authority authority) => new CanonicalObject()
        .Add("by", authority.By)
        .Add("byName", authority.ByName)
        .Add("capId", context.CapId)
        .Add("capPotential", DecimalText.Of(context.CapPotential))
        .Add("contextVersion", context.Version)
        .Add("deltaCapLimit", DecimalText.Of(context.Rules.DeltaCapLimit))
        .Add("displayName", context.DisplayName)
        .Add("freeSeverity", context.Rules.FreeSeverity)
        .Add("groupBy", context.Rules.GroupBy)
        .Add("groupWindowSeconds", context.Rules.GroupWindowSeconds)
        .Add("maxAheadSeconds", context.Rules.MaxAheadSeconds)
        .Add("maxBehindSeconds", context.Rules.MaxBehindSeconds)
        .Add("pagingFloor", context.Rules.PagingFloor)
        .Add("phi", DecimalText.Of(context.Phi))
        .Add("psi", DecimalText.Of(context.Psi))
        .Add("reportsPerMinute", context.Rules.ReportsPerMinute)
        .Add("request", authority.Request)
        .Add("requireFullSignature", context.Rules.RequireFullSignature)
        .Add("selfFeedback", context.Rules.SelfFeedback);

    private static CanonicalObject KeyBody(CapContext context, SigningKey key, Authority authority) => new CanonicalObject()
        .Add("address", key.Address)
        .Add("by", authority.By)
        .Add("byName", authority.ByName)
        .Add("capId", context.CapId)
        .Add("contextVersion", context.Version)
        .Add("contract", key.IsContract)
        .Add("notAfter", key.NotAfter is { } until ? Entry.Instant(until) : null)
        .Add("notBefore", key.NotBefore is { } from ? Entry.Instant(from) : null)
        .Add("reason", key.Reason)
        .Add("request", authority.Request)
        .Add("revokedAt", key.RevokedAt is { } revoked ? Entry.Instant(revoked) : null)
        .Add("roles", key.Roles);

    /// <summary>Whether two keys are the same to the log; who added a key does not matter.</summary>
    public static bool AreEqual(SigningKey a, SigningKey b) =>
        a.Address == b.Address && (a.NotBefore, a.NotAfter, a.RevokedAt, a.IsContract) == (b.NotBefore, b.NotAfter, b.RevokedAt, b.IsContract) && a.Roles.SequenceEqual(b.Roles);
}
