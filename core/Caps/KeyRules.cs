using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Caps;

/// <summary>Rules for the keys of a CapID.</summary>
internal static class KeyRules
{
    public const int MaxReasonLength = 256;

    private static readonly string[] Roles = [Incidents.Admission.ReporterRole, "responder", Authority.AdminRole];

    /// <param name="at">Path of the key in the request, for the refusal.</param>
    public static Refusal? Fault(KeyDefinition? key, string at) =>
        key is null || !EthereumAddress.TryParse(key.Address, out var address)
            ? new("invalid-field", $"{at}.address", EthereumAddress.Rule)
        : address == default
            ? new("invalid-field", $"{at}.address", "an address with a key, not the zero address")
        : key.Roles is not null && (key.Roles.Count == 0 || key.Roles.Count > Roles.Length || key.Roles.Except(Roles).Any())
            ? new("invalid-field", $"{at}.roles", $"at least one of {string.Join(", ", Roles)}")
        : key.IsContract && key.Roles?.Contains(Authority.AdminRole) == true
            ? new("invalid-field", $"{at}.roles", "reporter or responder for a contract wallet; an admin needs a key of its own")
        : key.NotBefore >= key.NotAfter
            ? new("invalid-field", $"{at}.notAfter", "later than notBefore")
        : null;

    /// <param name="key">A definition without a <see cref="Fault"/>.</param>
    public static SigningKey Read(KeyDefinition key, Authority authority)
    {
        _ = EthereumAddress.TryParse(key.Address, out var address);
        var roles = key.Roles is null ? [Incidents.Admission.ReporterRole] : key.Roles.Distinct().Order(StringComparer.Ordinal).ToArray();
        return new SigningKey(address.ToString(), roles, key.NotBefore?.ToUniversalTime(), key.NotAfter?.ToUniversalTime(), null, null, authority.By, key.IsContract);
    }

    /// <summary>
    /// Refuses to take the last admin from a CapID: a context that only operators can change
    /// must not come about by accident.
    /// </summary>
    public static Refusal? RefuseLosingLastAdmin(CapContext? current, IReadOnlyList<SigningKey> next, DateTimeOffset now) =>
        current is not null
            && ((current.Keys.Any(key => Authority.IsActiveAdmin(key, now)) && !next.Any(key => Authority.IsActiveAdmin(key, now)))
                || (current.Keys.Any(IsPermanentAdmin) && !next.Any(IsPermanentAdmin)))
            ? CapRefusals.LastAdminKey
            : null;

    /// <summary>
    /// Whether the key is an admin that does not expire: one that expires in a second is no admin to rely on.
    /// </summary>
    private static bool IsPermanentAdmin(SigningKey key) => key is { RevokedAt: null, NotAfter: null } && key.Roles.Contains(Authority.AdminRole);
}
