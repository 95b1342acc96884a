using System.Text.Json;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Archive;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.MerkleTree;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.AuditLog;

/// <summary>
/// The body of an <c>incident.accepted</c> entry: the request verbatim, its fields, and every number that judged it, so
/// that signature, hashes, CID and dCap can be recomputed from the entry alone.
/// </summary>
public sealed partial record AcceptedIncident
{
    public required string Request { get; init; }

    public required string IncidentId { get; init; }

    public required string CapId { get; init; }

    public required string Agent { get; init; }

    public required string TimestampText { get; init; }

    public required string Description { get; init; }

    public required string Severity { get; init; }

    public required string Scheme { get; init; }

    /// <summary>The chain that a full-v2 signature names; null for other schemes.</summary>
    public required long? ChainId { get; init; }

    /// <summary>EIP-55 spelling; null when unverified.</summary>
    public required string? Signer { get; init; }

    /// <summary>
    /// Number of the block at which a contract wallet accepted the signature; null for other signers.
    /// </summary>
    public required long? WalletBlock { get; init; }

    /// <summary>
    /// Hash of that block, with 0x. Ask the wallet at this hash: the number may later be another block's.
    /// </summary>
    public required string? WalletBlockHash { get; init; }

    public required decimal Feedback { get; init; }

    public required decimal Misuse { get; init; }

    public required decimal CapPotential { get; init; }

    public required decimal Phi { get; init; }

    public required decimal Psi { get; init; }

    public required decimal DeltaCap { get; init; }

    /// <summary>Limit in the policy that judged the incident.</summary>
    public required decimal DeltaCapLimit { get; init; }

    public required string SelfFeedback { get; init; }

    public required string PagingFloor { get; init; }

    public required long ContextVersion { get; init; }

    /// <summary>64 lower-case hex digits.</summary>
    public required string AuditHash { get; init; }

    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>As the CapID knew it when it accepted the incident; null when it is in no group.</summary>
    public IncidentGroup? Group { get; init; }

    /// <summary>What filed it with a key instead of a signature; null for none.</summary>
    public IntegrationReference? Integration { get; init; }

    /// <summary>Whether the report has the content that was accepted.</summary>
    public bool Matches(IncidentReport report) => AuditHash == report.AuditHash
        || (ChainId is { } chain && report.Scheme == FullV2.Scheme
            && IncidentReader.Read(System.Text.Encoding.UTF8.GetBytes(Request)).Report is { } accepted
            && FullV2.Hash(accepted, chain).AsSpan().SequenceEqual(FullV2.Hash(report, chain)));

    public decimal Weight => DecimalText.Normalize(decimal.Round(1m / CapPotential, 18));

    /// <summary>
    /// The record's CID. Its digest is <see cref="AuditHash"/>: SHA-256 over the same canonical text.
    /// </summary>
    public Cid Cid => Cid.OfDigest(Cid.Raw, Convert.FromHexString(AuditHash));

    /// <param name="context">The newest version; its number goes into the entry.</param>
    public static AcceptedIncident Of(IncidentReport report, Proof proof, CapContext context, AdmissionPolicy policy, DateTimeOffset now)
    {
        var formula = new CapFormula(context.Phi, context.Psi, CapFormula.Feedback.PotentialIfNotPositive);
        return new AcceptedIncident
        {
            Request = report.Request,
            IncidentId = report.IncidentId,
            CapId = report.CapId,
            Agent = report.Agent,
            TimestampText = report.TimestampText,
            Description = report.Description,
            Severity = Incidents.Severity.Classify(report.SeverityClaimed, formula.Weight(context.CapPotential)),
            Scheme = proof.Scheme,
            ChainId = proof.Scheme == FullV2.Scheme ? policy.ChainId : null,
            Signer = proof.Signer,
            WalletBlock = proof.WalletBlock?.Number,
            WalletBlockHash = proof.WalletBlock?.Hash,
            Feedback = DecimalText.Normalize(report.Feedback),
            Misuse = DecimalText.Normalize(report.Misuse),
            CapPotential = context.CapPotential,
            Phi = context.Phi,
            Psi = context.Psi,
            DeltaCap = proof.Signer is null ? 0m : Scoring.DeltaCap(formula, context.Rules, context.CapPotential, report.Feedback, report.Misuse),
            DeltaCapLimit = context.Rules.DeltaCapLimit,
            SelfFeedback = context.Rules.SelfFeedback,
            PagingFloor = context.Rules.PagingFloor,
            ContextVersion = context.Version,
            AuditHash = report.AuditHash,
            AcceptedAt = now,
        };
    }

    /// <param name="entry">Bytes of the entry at <paramref name="index"/>.</param>
    public Receipt ReceiptFor(string origin, long index, ReadOnlySpan<byte> entry) => new(
        CapId, IncidentId, origin, index, Convert.ToHexStringLower(MerkleHash.Leaf(entry)), AcceptedAt, AuditHash, Cid.Text,
        Severity, Scheme, DeltaCap, Group);

    /// <summary>Returns the record with the member names of legacy webhooks and the legacy audit log.</summary>
    public AuditRecord ToAuditRecord() =>
        new(IncidentId, CapId, Agent, Severity, Description, TimestampText, AuditHash);

    /// <summary>Returns the archived record: reference canonical JSON of the request.</summary>
    /// <param name="entry">Bytes of an <c>incident.accepted</c> entry.</param>
    public static Block BlockOf(ReadOnlyMemory<byte> entry)
    {
        using var document = JsonDocument.Parse(entry);
        var body = document.RootElement.GetProperty("body");
        using var request = StrictJson.Parse(System.Text.Encoding.UTF8.GetBytes(body.GetProperty("request").GetString()!));
        var cid = Cid.OfDigest(Cid.Raw, Convert.FromHexString(body.GetProperty("auditHash").GetString()!));
        return new Block(cid, ReferenceJson.Canonicalize(request.RootElement));
    }
}
