using System.Text;
using System.Text.Json;
using CapOrleans.Core.Incidents;
using CsCheck;

namespace CapOrleans.Tests.Core.Incidents;

public sealed class IncidentReaderTests
{
    private const string Good = """{"task_id":"INC-1","cap_id":"Z-001","agent":"node","timestamp":"2026-11-24T02:00:00Z"}""";

    [Fact]
    public void The_hash_is_that_of_the_old_API()
    {
        var vector = Vectors.Load("reference-canonical-json.json").GetProperty("cases")[2];
        var (report, _) = IncidentReader.Read(Encoding.UTF8.GetBytes(vector.Text("input")));
        Assert.Equal(vector.Text("sha256"), report!.AuditHash);
        Assert.Equal((0.3m, 0.05m, 0.4m), (report.Feedback, report.Misuse, report.CapPotentialClaimed));
    }

    [Fact]
    public void Omitted_members_have_the_legacy_defaults()
    {
        var (report, _) = IncidentReader.Read(Encoding.UTF8.GetBytes(Good));
        Assert.Equal(("normal", "", 0m, 0m), (report!.SeverityClaimed, report.Description, report.Feedback, report.Misuse));
        Assert.Equal(Good, report.Request);
    }

    [Theory]
    [InlineData(252, true)]
    [InlineData(253, false)]
    [InlineData(7000, false)]
    public void An_incident_has_a_bounded_number_of_members(int others, bool isRead)
    {
        var nested = string.Join(',', Enumerable.Range(0, others - 1).Select(i => $"\"{i}\":0"));
        var (report, refusal) = IncidentReader.Read(Encoding.UTF8.GetBytes($"{Good[..^1]},\"more\":{{{nested}}}}}"));
        Assert.Equal(isRead, report is not null);
        Assert.Equal(isRead ? null : "too-many-members", refusal?.Type);
    }

    [Fact]
    public void A_dedup_key_is_read_except_where_it_would_be_unsigned()
    {
        var (report, _) = IncidentReader.Read(Encoding.UTF8.GetBytes($"{Good[..^1]},\"dedup_key\":\"disk\"}}"));
        Assert.Equal(("disk", null), (report!.DedupKey, report.UnreadMembers));
        var (_, refusal) = IncidentReader.Read(Encoding.UTF8.GetBytes($"{Good[..^1]},\"scheme\":\"full-v2\",\"dedup_key\":\"disk\"}}"));
        Assert.Equal("dedup_key", refusal!.Field);
        Assert.Null(IncidentReader.Read(Encoding.UTF8.GetBytes(Good)).Report!.DedupKey);
    }

    [Theory]
    [InlineData("dedup_key", "\"\"")]
    [InlineData("dedup_key", "7")]
    [InlineData("dedup_key", "\" x\"")]
    [InlineData("task_id", "\"a|b\"")]
    [InlineData("task_id", "\"a/b\"")]
    [InlineData("task_id", "\"..\"")]
    [InlineData("task_id", "\"\"")]
    [InlineData("task_id", "7")]
    [InlineData("task_id", "null")]
    [InlineData("cap_id", "\"S\\u00d6\"")]
    [InlineData("cap_id", "\"a b\"")]
    [InlineData("agent", "\"a|b\"")]
    [InlineData("agent", "\"a\\u0000\"")]
    [InlineData("agent", "[]")]
    [InlineData("timestamp", "\"yesterday\"")]
    [InlineData("timestamp", "\"2026-11-24T02:00:00\"")]
    [InlineData("timestamp", "\"2026-11-24T02:00:00+02:00\"")]
    [InlineData("timestamp", "\"2026-13-24T02:00:00Z\"")]
    [InlineData("timestamp", "1795485600")]
    [InlineData("severity", "\"\"")]
    [InlineData("severity", "5")]
    [InlineData("description", "{}")]
    [InlineData("signature", "true")]
    [InlineData("f_e", "1.0000001")]
    [InlineData("f_e", "-0.1")]
    [InlineData("f_e", "\"0.5\"")]
    [InlineData("m_e", "1e9")]
    [InlineData("m_e", "1e40")]
    [InlineData("cap_potential", "1e40")]
    public void A_member_that_breaks_its_rule_is_named(string field, string value)
    {
        var members = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Good)!;
        members[field] = JsonElement.Parse(value);
        var (report, refusal) = IncidentReader.Read(JsonSerializer.SerializeToUtf8Bytes(members));
        Assert.Null(report);
        Assert.Equal(field, refusal!.Field);
        Assert.NotEmpty(refusal.Rule);
    }

    [Theory]
    [InlineData("incident_id", "\"INC-2\"")]
    public void Two_names_of_one_member_must_agree(string field, string value)
    {
        var (_, refusal) = IncidentReader.Read(Encoding.UTF8.GetBytes($"{Good[..^1]},\"{field}\":{value}}}"));
        Assert.Equal(field, refusal!.Field);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"task_id\":\"INC-1\"")]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("{\"f_e\":NaN}")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":1,\"\\ud800\":2}")]
    [InlineData("\u0001")]
    public void What_is_no_strict_JSON_object_is_refused(string text)
    {
        var (report, refusal) = IncidentReader.Read(Encoding.UTF8.GetBytes(text));
        Assert.Null(report);
        Assert.Contains(refusal!.Type, (string[])["not-json", "not-an-object"]);
    }

    [Fact]
    public void Nesting_beyond_the_bound_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 20_000)) + string.Concat(Enumerable.Repeat("]", 20_000));
        var (_, refusal) = IncidentReader.Read(Encoding.UTF8.GetBytes($"{{\"x\":{deep}}}"));
        Assert.Equal("not-json", refusal!.Type);
    }

    [Fact]
    public void A_request_of_more_than_64_KiB_is_refused() =>
        Assert.Equal("too-large", IncidentReader.Read(new byte[IncidentReader.MaxRequestBytes + 1]).Refusal!.Type);

    [Fact]
    public void A_description_of_more_than_8_KiB_is_refused()
    {
        var (_, refusal) = IncidentReader.Read(Encoding.UTF8.GetBytes($"{Good[..^1]},\"description\":\"{new string('ä', 4097)}\"}}"));
        Assert.Equal("description", refusal!.Field);
    }

    [Fact]
    public void Any_bytes_give_a_report_or_a_refusal_and_never_a_fault() =>
        Gen.OneOf(Gen.Byte.Array[0, 300], Gen.Int[0, Good.Length].Select(Gen.Byte).Select((at, value) =>
        {
            var bytes = Encoding.UTF8.GetBytes(Good);
            bytes[Math.Min(at, bytes.Length - 1)] = value;
            return bytes;
        })).Sample(
            bytes =>
            {
                var (report, refusal) = IncidentReader.Read(bytes);
                Assert.True(report is null != refusal is null);
            },
            iter: 3000);

    [Theory]
    [InlineData("2026-11-24T02:00:00Z", "2026-11-24T02:00:00.0000000")]
    [InlineData("2026-11-24T02:00:00.5Z", "2026-11-24T02:00:00.5000000")]
    [InlineData("2026-11-24T02:00:00.123456Z", "2026-11-24T02:00:00.1234560")]
    [InlineData("2026-11-24T02:00:00.123456789Z", "2026-11-24T02:00:00.1234567")]
    [InlineData("2026-11-24T02:00:00.123456+00:00", "2026-11-24T02:00:00.1234560")]
    public void A_signed_time_is_read_in_every_spelling_seen(string text, string instant)
    {
        Assert.True(SignedTime.TryParse(text, out var read));
        Assert.Equal(instant, read.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff", System.Globalization.CultureInfo.InvariantCulture));
    }
}
