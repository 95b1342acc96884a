using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Access;
using CapOrleans.Core.Archive;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Incidents;

/// <summary>
/// The first stage of admission: size, shape and identifiers. It accepts the member names of the legacy clients and of
/// the engine (<c>task_id</c> or <c>incident_id</c>, <c>f_e</c> or <c>feedback_score</c>, <c>m_e</c> or
/// <c>misuse_score</c>), keeps unknown members under identity-v1, and does not check signatures.
/// </summary>
public static class IncidentReader
{
    /// <summary>Largest request, in bytes.</summary>
    public const int MaxRequestBytes = 64 * 1024;

    /// <summary>Largest description, in bytes of UTF-8.</summary>
    public const int MaxDescriptionBytes = 8 * 1024;

    public const int MaxSeverityLength = 32;

    /// <summary>
    /// Maximum number of members, over all objects in the request: to sort and compare
    /// them costs more than their bytes.
    /// </summary>
    public const int MaxMembers = 256;

    /// <summary>
    /// Under full-v2 every member is signed or describes the signature; anyone could have added any other.
    /// </summary>
    private static readonly FrozenSet<string> SignedMembers = FrozenSet.ToFrozenSet(
    [
        "task_id", "incident_id", "cap_id", "agent", "timestamp", "severity", "description", "f_e", "feedback_score", "m_e", "misuse_score",
        "cap_potential", "evidence", "scheme", "signer", "signature",
    ]);

    /// <summary>Member names that are read.</summary>
    public static IReadOnlySet<string> ReadMembers => SignedMembers;

    /// <summary>
    /// A further member that identity-v1 knows: <c>ipfs</c>, which goes into the legacy record on chain.
    /// </summary>
    private const string RecordMember = "ipfs";

    /// <summary>Another: which incidents are one for paging. Not signed, as all but four members.</summary>
    private const string DedupMember = "dedup_key";

    /// <summary>Maximum number of unknown members that are named, misspelt ones first.</summary>
    private const int MaxUnread = 5;

    /// <summary>Largest Cap^P that a sender may claim under full-v2.</summary>
    private const decimal MaxClaim = 1_000_000_000m;

    /// <returns>Either a report, or a refusal that names the member and the rule.</returns>
    public static (IncidentReport? Report, Refusal? Refusal) Read(ReadOnlyMemory<byte> request)
    {
        if (request.Length > MaxRequestBytes)
        {
            return (null, new Refusal("too-large", "", $"A request must have at most {MaxRequestBytes} bytes."));
        }

        try
        {
            if (!StrictJson.HasAtMost(MaxMembers, request.Span))
            {
                return (null, new Refusal("too-many-members", "", $"An incident has at most {MaxMembers} members, " +
                    "including those of nested objects."));
            }

            using var document = StrictJson.Parse(request);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return (null, new Refusal("not-an-object", "", "An incident must be a single JSON object."));
            }

            return (Read(document.RootElement, request), null);
        }
        catch (JsonException fault)
        {
            return (null, new Refusal("not-json", "", "The request must be JSON (RFC 8259) without duplicate " +
                $"members, at most {StrictJson.MaxDepth} levels deep. {fault.Message}"));
        }
        catch (MemberFaultException fault)
        {
            return (null, fault.Refusal);
        }
    }

    private static IncidentReport Read(JsonElement incident, ReadOnlyMemory<byte> request)
    {
        var canonical = ReferenceJson.Canonicalize(incident); // also proves that every string is Unicode
        var member = new MemberReader(incident);
        var isFull = ReadScheme(member) == FullV2.Scheme;
        if (isFull)
        {
            member = member with { Decimals = FullV2.Decimals };
            member.RefuseOthers(SignedMembers);
        }

        var timestampText = member.RequiredText("timestamp", 64);
        var severityText = ReadSeverity(member);
        return new IncidentReport
        {
            IncidentId = member.Checked("task_id", "incident_id", Identifiers.IsId, Identifiers.Rule),
            CapId = member.Checked("cap_id", null, Identifiers.IsId, Identifiers.Rule),
            Agent = member.Checked("agent", null, isFull ? Identifiers.IsAgent : Identifiers.IsAgentWithoutBar, Identifiers.AgentRule),
            TimestampText = timestampText,
            Timestamp = SignedTime.TryParse(timestampText, out var instant)
                ? instant
                : throw new MemberFaultException("timestamp", SignedTime.Rule),
            SeverityClaimed = severityText.ToLowerInvariant(),
            SeverityText = severityText,
            Description = ReadDescription(member),
            SignerClaimed = member.Text("signer"),
            Signature = member.Text("signature"),
            Feedback = member.Fraction("f_e", "feedback_score"),
            Misuse = member.Fraction("m_e", "misuse_score"),
            CapPotentialClaimed = isFull ? member.Within("cap_potential", 0m, MaxClaim) : member.Number("cap_potential", null),
            Scheme = isFull ? FullV2.Scheme : IdentityV1.Scheme,
            Evidence = isFull ? ReadEvidence(member) : "",
            UnreadMembers = isFull ? null : Unread(incident),
            DedupKey = isFull ? null : ReadDedupKey(member),
            Request = Encoding.UTF8.GetString(request.Span),
            AuditHash = Convert.ToHexStringLower(SHA256.HashData(canonical)),
        };
    }

    private static List<string>? Unread(JsonElement incident)
    {
        List<string>? unread = null;
        foreach (var member in incident.EnumerateObject())
        {
            if (!SignedMembers.Contains(member.Name) && member.Name is not (RecordMember or DedupMember))
            {
                (unread ??= []).Add(member.Name);
            }
        }

        return unread is { Count: > MaxUnread } ? [.. unread.OrderBy(name => MisspeltMember.MeantBy(name) is null).Take(MaxUnread)]
            : unread;
    }

    private static string? ReadDedupKey(MemberReader member) => member.Text(DedupMember) switch
    {
        null => null,
        var key when PrintableText.IsValid(key, Grouping.MaxDedupKeyLength) => key,
        _ => throw new MemberFaultException(DedupMember, PrintableText.Rule(Grouping.MaxDedupKeyLength)),
    };

    private static string ReadSeverity(MemberReader member)
    {
        var severity = member.Text("severity") ?? Severity.Normal;
        return severity.Length is 0 or > MaxSeverityLength || severity.Any(char.IsControl)
            ? throw new MemberFaultException("severity", $"1 to {MaxSeverityLength} printable characters")
            : severity;
    }

    private static string ReadScheme(MemberReader member) => member.Text("scheme") switch
    {
        null or IdentityV1.Scheme => IdentityV1.Scheme,
        FullV2.Scheme => FullV2.Scheme,
        _ => throw new MemberFaultException("scheme", $"{IdentityV1.Scheme} or {FullV2.Scheme}"),
    };

    private static string ReadEvidence(MemberReader member)
    {
        var evidence = member.Text("evidence") ?? "";
        return evidence.Length == 0 || Cid.IsCid(evidence)
            ? evidence
            : throw new MemberFaultException("evidence", "empty, a CIDv1 in base32, or a CIDv0");
    }

    private static string ReadDescription(MemberReader member)
    {
        var description = member.Text("description") ?? "";
        return Encoding.UTF8.GetByteCount(description) > MaxDescriptionBytes
            ? throw new MemberFaultException("description", $"at most {MaxDescriptionBytes} bytes of UTF-8")
            : description;
    }
}
