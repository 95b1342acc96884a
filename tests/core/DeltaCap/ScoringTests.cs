using CapOrleans.Contracts.Caps;
using CapOrleans.Core.DeltaCap;
using CsCheck;

namespace CapOrleans.Tests.Core.DeltaCap;

public sealed class ScoringTests
{
    private static readonly Gen<decimal> Fraction = Gen.Int[0, 1000].Select(thousandths => thousandths / 1000m);

    [Fact]
    public void No_incident_moves_a_score_by_more_than_the_limit() =>
        Gen.Select(Fraction, Fraction, Gen.Int[1, 1_000_000]).Sample((feedback, misuse, millionths) =>
            Assert.InRange(Scoring.DeltaCap(CapFormula.Feedback, CapPolicy.Default, millionths / 1_000_000m, feedback, misuse), -10m, 10m));

    [Fact]
    public void A_CapID_that_may_only_blame_itself_never_gains() =>
        Gen.Select(Fraction, Fraction).Sample((feedback, misuse) =>
        {
            var policy = new CapPolicy(SelfFeedback: SelfFeedback.MisuseOnly);
            Assert.Equal(-0.9m * misuse, Scoring.DeltaCap(CapFormula.Feedback, policy, 50m, feedback, misuse), 4);
        });

    [Theory]
    [InlineData(SelfFeedback.Allow, "-0.0816")]
    [InlineData(SelfFeedback.MisuseOnly, "-0.09")]
    [InlineData(SelfFeedback.Deny, "0")]
    public void The_policy_decides_what_counts(string selfFeedback, string expected) =>
        Assert.Equal(expected, DecimalText.Of(Scoring.DeltaCap(CapFormula.Feedback, new CapPolicy(SelfFeedback: selfFeedback), 50m, 0.35m, 0.1m)));
}
