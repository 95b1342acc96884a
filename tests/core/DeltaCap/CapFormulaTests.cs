using System.Globalization;
using System.Text.Json;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Tests.Core.DeltaCap;

public sealed class CapFormulaTests
{
    public static TheoryData<string, string> Cases => Vectors.Cases("delta-cap.json", "cases");

    [Theory, MemberData(nameof(Cases))]
    public void The_feedback_form_rounds_to_four_places_half_to_even(string name, string json)
    {
        var (capPotential, feedback, misuse, vector) = Read(json);
        Assert.True(vector.GetProperty("feedback_delta_4dp").GetDecimal() == CapFormula.Feedback.Rounded(capPotential, feedback, misuse), name);
    }

    [Theory, MemberData(nameof(Cases))]
    public void The_engine_form_gives_the_engine_s_doubles(string name, string json)
    {
        var (capPotential, feedback, misuse, vector) = Read(json);
        var delta = (double)CapFormula.Engine.Exact(capPotential, feedback, misuse);
        Assert.True(Math.Abs(vector.GetProperty("engine_delta").GetDouble() - delta) < 1e-9, name);
        Assert.Equal(vector.GetProperty("w_e").GetDouble(), (double)CapFormula.Engine.Weight(capPotential), 9);
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_weight_of_0_8_escalates(string name, string json)
    {
        var (capPotential, _, _, vector) = Read(json);
        Assert.True(vector.Text("engine_severity") == Severity.Classify(Severity.Normal, CapFormula.Engine.Weight(capPotential)), name);
    }

    [Theory]
    [InlineData("normal", 0.8, "escalated")]
    [InlineData("high", 0.8, "escalated")]
    [InlineData("critical", 0.8, "critical")]
    [InlineData("high", 0.79, "high")]
    [InlineData("odd word", 0.1, "odd word")]
    public void Escalation_lifts_and_never_lowers(string claimed, double weight, string severity) =>
        Assert.Equal(severity, Severity.Classify(claimed, (decimal)weight));

    [Theory]
    [InlineData("0.0240", "0.024")]
    [InlineData("-0.0", "0")]
    [InlineData("1200.0000", "1200")]
    public void A_decimal_has_one_spelling(string value, string spelling) =>
        Assert.Equal(spelling, DecimalText.Of(decimal.Parse(value, CultureInfo.InvariantCulture)));

    private static (decimal CapPotential, decimal Feedback, decimal Misuse, JsonElement Vector) Read(string json)
    {
        var vector = JsonElement.Parse(json);
        return (vector.GetProperty("cap_potential").GetDecimal(), vector.GetProperty("f_e").GetDecimal(), vector.GetProperty("m_e").GetDecimal(), vector);
    }
}
