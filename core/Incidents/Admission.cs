using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Incidents;

/// <summary>
/// What a signature proved: the scheme, and the signer in EIP-55 spelling; null for an unsigned report.
/// </summary>
/// <param name="WalletBlock">For a contract wallet, the block at which it accepted the
/// signature; null otherwise.</param>
public sealed record Proof(string Scheme, string? Signer, ChainBlock? WalletBlock = null)
{
    /// <summary>Whether the signer is a contract wallet.</summary>
    public bool IsWallet { get; init; } = WalletBlock is not null;
}

/// <summary>
/// The admission table, in its documented order. <see cref="IncidentReader"/> has already checked size, shape and
/// identifiers.
/// <list type="number">
/// <item>a signature is there, or the policy accepts unsigned reports;</item>
/// <item>the signature is well-formed, and the claimed signer is an address;</item>
/// <item>the signature is the claimed signer's;</item>
/// <item>the CapID is known;</item>
/// <item>the signer is a reporter key of the CapID, active at the signed time, and not revoked;</item>
/// <item>the CapID accepts the scheme and the severity, and the signed time lies within bounds of our clock;</item>
/// <item>the reporter keeps within the CapID's rate limit: decided where the CapID counts, see
/// <see cref="Caps.ReporterRateLimit"/>;</item>
/// <item>the incident is new: decided by the log when it commits.</item>
/// </list>
/// </summary>
public static class Admission
{
    public const string Unverified = "unverified";
    public const string ReporterRole = "reporter";

    /// <summary>Rows 1 to 3: what can be decided without knowing the CapID.</summary>
    public static (Proof? Proof, Ruling? Refused) Prove(IncidentReport report, AdmissionPolicy policy)
    {
        if (report.Signature is null or "")
        {
            return policy.AcceptUnsigned
                ? (new Proof(Unverified, null), null)
                : (null, Ruling.Refuse(Verdict.Unauthorised, "unsigned", "signature", "An incident must be signed by a key of its CapID."));
        }

        if (!RecoverableSignature.TryParse(report.Signature, out var signature, out var fault))
        {
            return (null, Ruling.Refuse(Verdict.Malformed, "signature-form", "signature", fault));
        }

        EthereumAddress claimed = default;
        if (report.SignerClaimed is { Length: > 0 } signer && !EthereumAddress.TryParseAnyCase(signer, out claimed))
        {
            return (null, Ruling.Refuse(Verdict.Malformed, "invalid-field", "signer", "0x and 40 hex digits"));
        }

        if (!Secp256k1.Instance.TryRecover(SignedHash(report, policy.ChainId), signature, out var recovered))
        {
            return (null, Ruling.Refuse(Verdict.Malformed, "signature-form", "signature", "The signature is not recoverable: r is not the x coordinate of a point on secp256k1."));
        }

        var signedBy = recovered.ToString();
        return report.SignerClaimed is { Length: > 0 } && claimed != recovered
            ? (null, Ruling.Refuse(Verdict.Unauthorised, "signature-mismatch", "signature", report.Scheme == FullV2.Scheme
                ? $"The EIP-712 signature over the incident, on chain {policy.ChainId}, must be the claimed signer's."
                : "The signature over task_id|cap_id|agent|timestamp must be the claimed signer's."))
            : (new Proof(report.Scheme, signedBy), null);
    }

    /// <returns>The 32 bytes that the report's scheme signs.</returns>
    public static byte[] SignedHash(IncidentReport report, long chainId) => report.Scheme == FullV2.Scheme
        ? FullV2.Hash(report, chainId)
        : IdentityV1.Hash(report.IncidentId, report.CapId, report.Agent, report.TimestampText);

    /// <summary>
    /// Returns the hash by which two reports count as the same: over all content under identity-v1, which signs little
    /// of it; over what was signed under full-v2, so that an intermediary that spells a number differently cannot
    /// deprive the sender of a receipt.
    /// </summary>
    /// <param name="proven">The scheme that the signature proved, not the one claimed: without a
    /// signature, all content counts.</param>
    public static byte[] ContentHash(IncidentReport report, string proven, long chainId) =>
        proven == FullV2.Scheme ? FullV2.Hash(report, chainId) : Convert.FromHexString(report.AuditHash);

    /// <summary>Rows 4 to 6: what the CapID's context decides.</summary>
    /// <returns>The refusal; null when the report passes.</returns>
    public static Ruling? Judge(CapContext? context, IncidentReport report, Proof proof, DateTimeOffset now)
    {
        if (context is null)
        {
            return Ruling.Refuse(Verdict.CapUnknown, "cap-unknown", "cap_id", "The CapID is not registered.");
        }

        if (proof.Signer is { } signer && KeyFault(context, signer, proof, report.Timestamp) is { } fault)
        {
            return Ruling.Refuse(Verdict.Unauthorised, "signer-not-authorised", "signature", fault);
        }

        var rules = context.Rules;
        if (rules.RequireFullSignature && proof.Scheme != FullV2.Scheme)
        {
            return Ruling.Refuse(Verdict.Unauthorised, "full-signature-required", "scheme", "The CapID accepts only " +
                $"incidents signed with {FullV2.Scheme}.");
        }

        if (!rules.FreeSeverity && !report.TakesAnySeverity && !Severity.IsOnLadder(report.SeverityClaimed))
        {
            return Ruling.Refuse(Verdict.Malformed, "invalid-field", "severity",
                $"one of {string.Join(", ", Severity.Ladder)}; others only where the CapID's policy has freeSeverity");
        }

        return report.Timestamp > now.AddSeconds(rules.MaxAheadSeconds) || report.Timestamp < now.AddSeconds(-rules.MaxBehindSeconds)
            ? Ruling.Refuse(Verdict.Malformed, "timestamp-out-of-bounds", "timestamp",
                $"The timestamp must be at most {Span(rules.MaxBehindSeconds)} before and {Span(rules.MaxAheadSeconds)} after the server's clock, {now:yyyy-MM-ddTHH:mm:ssZ}.")
            : null;
    }

    /// <returns>Why the key is no reporter of the CapID that is active at the signed time; null when it is one.</returns>
    public static Refusal? ReporterFault(CapContext context, string signer, DateTimeOffset signedAt) =>
        KeyFault(context, signer, new Proof("", signer), signedAt) is { } fault
            ? new Refusal("signer-not-authorised", "signature", fault) : null;

    private static string Span(long seconds) =>
        seconds % 86400 == 0 ? $"{seconds / 86400} days" : seconds % 60 == 0 ? $"{seconds / 60} minutes" : $"{seconds} seconds";

    private static string? KeyFault(CapContext context, string signer, Proof proof, DateTimeOffset signedAt) =>
        context.Keys.FirstOrDefault(key => key.Address == signer) switch
        {
            null => $"The signer {signer} must be a key of the CapID.",
            { IsContract: var isContract } when isContract != proof.IsWallet =>
                $"The signer {signer} is " +
                    $"{(isContract ? "a contract wallet, so its signature must be verified by the contract" : "a key, not a contract wallet")}.",
            { RevokedAt: { } revoked } => $"The signer {signer} was revoked at {revoked:O}.",
            { NotBefore: { } from } when signedAt < from => $"The signer {signer} must not sign before {from:O}.",
            { NotAfter: { } until } when signedAt >= until => $"The signer {signer} must sign before {until:O}.",
            { Roles: var roles } when !roles.Contains(ReporterRole) => $"The signer {signer} must have the role {ReporterRole}.",
            _ => null,
        };
}
