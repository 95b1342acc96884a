using System.Text;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Caps;

/// <summary>The authority on which a context changes.</summary>
/// <param name="By">The address of an admin key, or the id of an <see cref="Actor"/>.</param>
/// <param name="ByName">The name of an operator's API key; null when there is none.</param>
/// <param name="Request">The signed request in canonical JSON; null for an operator.</param>
public sealed record Authority(string By, string? ByName, string? Request)
{
    public const string AdminRole = "admin";

    /// <summary>Maximum age of a signed change, and how far ahead its time may lie.</summary>
    public static readonly TimeSpan MaxBehind = TimeSpan.FromHours(1), MaxAhead = TimeSpan.FromMinutes(5);

    public bool IsOperator => Request is null;

    public static Authority OfOperator(Actor actor) => new(actor.Id, actor.Name, null);

    /// <param name="origin">Origin of the CapID's log, which differs between deployments.</param>
    /// <returns>
    /// The 32 bytes that an admin key signs: <c>personal_sign</c> over six parts, none of which can contain <c>|</c>.
    /// </returns>
    public static byte[] Hash(string origin, string capId, long afterVersion, string timestamp, string changeHash) =>
        PersonalSign.Hash(Encoding.UTF8.GetBytes(FormattableString.Invariant($"CapOrleans change|{origin}|{capId}|{afterVersion}|{timestamp}|{changeHash}")));

    /// <summary>Determines who signed, and whether that key may change the context now.</summary>
    public static (Authority? Authority, Refusal? Refusal) Of(CapContext current, ChangeRequest request, string origin, DateTimeOffset now)
    {
        if (request.AfterVersion is not { } version)
        {
            return Refuse("afterVersion", "the version that the signed change is meant for");
        }

        if (request.Timestamp is null || !SignedTime.TryParse(request.Timestamp, out var signedAt) || signedAt > now + MaxAhead || signedAt < now - MaxBehind)
        {
            return Refuse("timestamp", $"{SignedTime.Rule}; at most {MaxBehind.TotalMinutes:0} minutes before and {MaxAhead.TotalMinutes:0} minutes after the server's clock, {now:yyyy-MM-ddTHH:mm:ssZ}");
        }

        if (!RecoverableSignature.TryParse(request.Signature ?? "", out var signature, out var fault))
        {
            return Refuse("signature", fault);
        }

        if (!Secp256k1.Instance.TryRecover(Hash(origin, current.CapId, version, request.Timestamp, request.ChangeHash), signature, out var signer))
        {
            return Refuse("signature", "a signature from which a public key can be recovered");
        }

        var by = signer.ToString();
        var key = current.Keys.FirstOrDefault(key => key.Address == by);
        return IsActiveAdmin(key, signedAt) && IsActiveAdmin(key, now)
            ? (new Authority(by, null, request.Request), null)
            : (null, CapRefusals.NotAnAdmin(by));
    }

    public static bool IsActiveAdmin(SigningKey? key, DateTimeOffset at) =>
        key is not null && key.RevokedAt is null && key.Roles.Contains(AdminRole) && !(key.NotBefore > at) && !(key.NotAfter <= at);

    private static (Authority? Authority, Refusal? Refusal) Refuse(string field, string rule) => (null, new Refusal("invalid-field", field, rule));
}
