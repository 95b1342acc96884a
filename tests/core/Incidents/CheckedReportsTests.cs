using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Tests.Core.Incidents;

public sealed class CheckedReportsTests
{
    /// <param name="checks">One letter per report: p proven, r refused, ? not checked.</param>
    /// <param name="rulings">One letter per report: a judged by the CapID, r refused by its check, n not checked, w
    /// waits for an earlier one.</param>
    [Theory]
    [InlineData("", "")]
    [InlineData("pp", "aa")]
    [InlineData("rpr", "rar")]
    [InlineData("p?p", "anw")]
    [InlineData("?", "n")]
    [InlineData("r??rp", "rnwrw")]
    public void An_unchecked_report_blocks_those_after_it_and_nothing_else(string checks, string rulings)
    {
        var number = 0;
        var reports = new CheckedReports([.. checks.Select(check => check switch
        {
            'p' => new SignatureCheck(new ProvenReport(Report($"{number++}"), "identity-v1", "0x", null), null),
            'r' => new SignatureCheck(null, Refused),
            _ => null,
        })]);
        var judged = reports.Proven.Select(proven => Ruling.Refuse(Verdict.TooMany, "judged", "", proven.Report.IncidentId)).ToList();
        Assert.Equal(Enumerable.Range(0, judged.Count).Select(i => $"{i}"), judged.Select(ruling => ruling.Refusal!.Rule));
        var ruled = reports.Merge(judged);
        Assert.Equal(rulings, string.Concat(ruled.Select(ruling => ruling.Refusal!.Type switch
        {
            "judged" => 'a', "unavailable" => 'n', "after-another" => 'w', _ => 'r',
        })));
        Assert.Equal(judged, ruled.Where(judged.Contains));
    }

    private static Ruling Refused { get; } = Ruling.Refuse(Verdict.Unauthorised, "signature-mismatch", "signature", "");

    private static IncidentReport Report(string id) =>
        TestIncident.Signed(TestIncident.Key($"0x{new string('1', 64)}"), "CAP-1", id, DateTimeOffset.UnixEpoch).Report();
}
