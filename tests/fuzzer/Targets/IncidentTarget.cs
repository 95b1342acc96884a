using System.Text;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Fuzz.Engine;

namespace CapOrleans.Fuzz.Targets;

/// <summary>A host's request on its whole way: parsed, verified, judged, written to the log, and read back.</summary>
internal static class IncidentTarget
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private static readonly PrivateKey Key = PrivateKey.TryParse(new string('1', 64), out var key) ? key : throw new InvalidOperationException();
    private static readonly AdmissionPolicy Policy = new(AcceptUnsigned: true, AdmissionPolicy.DevChainId);
    private static readonly CapContext Context = new(
        "WEB-01", 1, "WEB-01", 50m, 1.2m, 0.9m, [new SigningKey($"{Key.Address}", ["reporter"], null, null, null, null, "operator")], CapPolicy.Default);

    public static Target Create()
    {
        const string old = """{"task_id":"T-1","cap_id":"WEB-01","agent":"capos.local","timestamp":"2026-11-24T11:59:00Z","severity":"critical","description":"nginx fällt 😀","f_e":0.5,"m_e":1e-1}""";
        const string full = """{"incident_id":"T-2","cap_id":"WEB-01","agent":"a|b","timestamp":"2026-11-24T11:59:00.123456789+00:00","scheme":"full-v2","f_e":"0.25","m_e":0,"cap_potential":"50.000000000000000001","evidence":"bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy","signer":"SIGNER"}""";
        string[] tokens =
        [
            "\"task_id\":", "\"incident_id\":", "\"cap_id\":", "\"agent\":", "\"timestamp\":", "\"severity\":", "\"description\":", "\"f_e\":", "\"feedback_score\":", "\"m_e\":",
            "\"misuse_score\":", "\"cap_potential\":", "\"evidence\":", "\"scheme\":", "\"full-v2\"", "\"identity-v1\"", "\"signer\":", "\"signature\":", "null", "true", "1e308", "-0", "0.1",
            "1E-400", "99999999999999999999999999999", "\\ud83d\\ude00", "\\ud800", "\\u0000", "|", "2026-11-24T12:00:00Z", "{", "}", "[", "]", ",", "\"", "escalated", "é", "\u202e",
        ];
        return new Target("incident", [Sign(old), Sign(full), Encoding.UTF8.GetBytes(old)], [.. tokens.Select(Encoding.UTF8.GetBytes)], Check);
    }

    private static void Check(byte[] input)
    {
        var (report, refusal) = IncidentReader.Read(input);
        DisagreementException.Unless(report is null != refusal is null, "A report, or a refusal; never both, never neither.");
        if (report is null)
        {
            return;
        }

        DisagreementException.Unless(Admission.SignedHash(report, Policy.ChainId).Length == 32, "A report has a hash to sign.");
        var (proof, refused) = Admission.Prove(report, Policy);
        DisagreementException.Unless(proof is null != refused is null, "A proof, or a refusal.");
        if (proof is null || (Admission.Judge(Context, report, proof, Now) is { } judged && judged.Refusal!.Type != "timestamp-out-of-bounds"))
        {
            return;
        }

        var accepted = AcceptedIncident.Of(report, proof, Context, Policy, Now);
        var entry = accepted.ToEntry("caporleans/fuzz/0");
        var read = AcceptedIncident.Read(entry.Bytes);
        DisagreementException.Unless(read == accepted, "The log gives back what was accepted.");
        DisagreementException.Unless(read.Matches(report), "The entry matches the report.");
        DisagreementException.Unless(read.ToEntry("caporleans/fuzz/0").Bytes.AsSpan().SequenceEqual(entry.Bytes), "An entry has one spelling.");
        DisagreementException.Unless(Math.Abs(read.DeltaCap) <= Context.Rules.DeltaCapLimit, "dCap stays within its limit.");
        var block = AcceptedIncident.BlockOf(entry.Bytes);
        DisagreementException.Unless(block.Cid.Matches(block.Bytes), "The archived record is what its CID names.");
        DisagreementException.Unless(read.ReceiptFor("caporleans/fuzz/0", 0, entry.Bytes).Cid == block.Cid.Text, "The receipt names the archived record.");
    }

    private static byte[] Sign(string json)
    {
        var text = json.Replace("SIGNER", $"{Key.Address}", StringComparison.Ordinal);
        var report = IncidentReader.Read(Encoding.UTF8.GetBytes(text)).Report!;
        return Encoding.UTF8.GetBytes($"{text[..^1]},\"signature\":\"{Key.Sign(Admission.SignedHash(report, Policy.ChainId))}\"}}");
    }
}
