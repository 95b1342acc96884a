using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CsCheck;

namespace CapOrleans.Tests.Core.Signatures;

public sealed class FullV2Tests
{
    private static readonly PrivateKey Reporter = PrivateKey.Create();
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, string> Cases => Vectors.Cases("incident-full-v2.json", "cases");

    [Theory, MemberData(nameof(Cases))]
    public void An_incident_is_signed_as_wallets_sign_it(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var report = Report(vector);
        var digest = FullV2.Hash(report, vector.GetProperty("chainId").GetInt64());
        Assert.True(vector.Hex("digest").AsSpan().SequenceEqual(digest), name);
        foreach (var secp in Secp256k1Tests.Both)
        {
            Assert.Equal(vector.Text("signature"), secp.Sign(digest, vector.Hex("privateKey")).ToString());
            Assert.True(RecoverableSignature.TryParse(vector.Text("signature"), out var signature, out _));
            Assert.True(secp.TryRecover(digest, signature, out var signer));
            Assert.Equal(vector.Text("signer"), signer.ToString());
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void The_typed_data_says_what_is_signed(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var report = Report(vector);
        var data = TypedData.Of(report, vector.GetProperty("chainId").GetInt64());
        var types = string.Join(',', data["types"]!["Incident"]!.AsArray().Select(member => $"{member!["type"]} {member["name"]}"));
        Assert.Equal(Vectors.Load("incident-full-v2.json").Text("typeString"), $"Incident({types})");
        Assert.Equal(FullV2.Members.Select(member => member.Name), data["message"]!.AsObject().Select(member => member.Key));
        Assert.Equal(FullV2.Scaled(report.Feedback).ToString(System.Globalization.CultureInfo.InvariantCulture), (string?)data["message"]!["feedback"]);
        Assert.Equal(vector.GetProperty("chainId").GetInt64(), (long)data["domain"]!["chainId"]!);
        Assert.NotEmpty(name);
    }

    [Theory]
    [InlineData("task_id", "\"OTHER\"")]
    [InlineData("cap_id", "\"OTHER\"")]
    [InlineData("agent", "\"other\"")]
    [InlineData("timestamp", "\"2026-11-24T12:00:01Z\"")]
    [InlineData("severity", "\"Normal\"")]
    [InlineData("description", "\"other\"")]
    [InlineData("f_e", "0.500000000000000001")]
    [InlineData("m_e", "\"0.2\"")]
    [InlineData("cap_potential", "1")]
    [InlineData("evidence", "\"bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy\"")]
    [InlineData("scheme", "\"identity-v1\"")]
    public void A_changed_member_does_not_match_the_signature(string name, string value)
    {
        var incident = Signed();
        Assert.Null(Admission.Prove(incident.Report(), new AdmissionPolicy(false)).Refused);
        incident[name] = JsonNode.Parse(value);
        Assert.Equal("signature-mismatch", Admission.Prove(incident.Report(), new AdmissionPolicy(false)).Refused!.Refusal!.Type);
    }

    [Fact]
    public void A_signature_for_another_chain_proves_nothing_here() =>
        Assert.Equal("signature-mismatch", Admission.Prove(Signed().Report(), new AdmissionPolicy(false, ChainId: 1)).Refused!.Refusal!.Type);

    [Fact]
    public void A_number_and_its_text_are_signed_alike()
    {
        var incident = Signed();
        incident["f_e"] = "0.50";
        Assert.Null(Admission.Prove(incident.Report(), new AdmissionPolicy(false)).Refused);
    }

    [Theory]
    [InlineData("f_e", "0.1234567890123456789")]
    [InlineData("f_e", "\"1e-1\"")]
    [InlineData("f_e", "1e-1")]
    [InlineData("f_e", "\" 0.1\"")]
    [InlineData("f_e", "\"0.1.\"")]
    [InlineData("f_e", "\"\"")]
    [InlineData("m_e", "\"1.000000000000000001\"")]
    [InlineData("m_e", "true")]
    [InlineData("cap_potential", "-1")]
    [InlineData("cap_potential", "1000000001")]
    [InlineData("evidence", "\"no CID\"")]
    [InlineData("evidence", "7")]
    [InlineData("ipfs", "\"bafy\"")]
    [InlineData("Severity", "\"high\"")]
    [InlineData("f_e", "\"+0.5\"")]
    [InlineData("f_e", "\".5\"")]
    [InlineData("f_e", "\"00.5\"")]
    [InlineData("f_e", "\"0.\"")]
    [InlineData("f_e", "\"-\"")]
    [InlineData("scheme", "\"full-v3\"")]
    public void A_member_that_cannot_be_signed_is_named(string name, string value)
    {
        var incident = Signed();
        incident[name] = JsonNode.Parse(value);
        Assert.Equal(name, IncidentReader.Read(incident.Bytes()).Refusal!.Field);
    }

    [Fact]
    public void Scaling_matches_the_vectors()
    {
        foreach (var vector in Vectors.Load("eip712.json").GetProperty("scaledFeedback").EnumerateArray())
        {
            var value = decimal.Parse(vector.Text("decimal"), System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(BigInteger.Parse(vector.Text("int256"), System.Globalization.CultureInfo.InvariantCulture), FullV2.Scaled(value));
        }
    }

    [Fact]
    public void Scaling_is_exact() =>
        Gen.Select(Gen.Long[0, 1_000_000_000_000_000_000], Gen.Int[0, FullV2.Decimals]).Sample((digits, places) =>
        {
            var value = new decimal((int)digits, (int)(digits >> 32), 0, false, (byte)places);
            Assert.Equal(digits * BigInteger.Pow(10, FullV2.Decimals - places), FullV2.Scaled(value));
        });

    private static JsonObject Signed() => TestIncident.Signed(Reporter, "Z-001", "INC-1", Now).SignFull(Reporter);

    private static IncidentReport Report(JsonElement vector) =>
        IncidentReader.Read(JsonSerializer.SerializeToUtf8Bytes(vector.GetProperty("incident"))).Report!;
}
