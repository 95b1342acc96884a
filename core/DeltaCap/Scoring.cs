using CapOrleans.Contracts.Caps;

namespace CapOrleans.Core.DeltaCap;

/// <summary>Computes what an incident adds to its CapID's score: the formula, within the policy's limits.</summary>
public static class Scoring
{
    public static decimal DeltaCap(CapFormula formula, CapPolicy policy, decimal capPotential, decimal feedback, decimal misuse)
    {
        if (policy.SelfFeedback == SelfFeedback.Deny)
        {
            return 0m;
        }

        var counted = policy.SelfFeedback == SelfFeedback.Allow ? feedback : 0m;
        return DecimalText.Normalize(Math.Clamp(formula.Rounded(capPotential, counted, misuse), -policy.DeltaCapLimit, policy.DeltaCapLimit));
    }
}
