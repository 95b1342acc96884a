namespace CapOrleans.Core.DeltaCap;

/// <summary>
/// dCap = phi * (1/Cap^P) * F_E - psi * M_E, with w_E = 1/Cap^P.
/// </summary>
/// <param name="Phi">Weight of feedback.</param>
/// <param name="Psi">Weight of misuse.</param>
/// <param name="PotentialIfNotPositive">Cap^P that counts instead of a value of 0 or less.</param>
public sealed record CapFormula(decimal Phi, decimal Psi, decimal PotentialIfNotPositive)
{
    /// <summary>Decimals that the feedback form keeps, rounding half to even.</summary>
    public const int Decimals = 4;

    /// <summary>w_E from which on an incident counts as escalated.</summary>
    public const decimal EscalationWeight = 0.8m;

    /// <summary>The formula of the legacy feedback script, and the default of every CapID.</summary>
    public static CapFormula Feedback { get; } = new(1.2m, 0.9m, 1m);

    /// <summary>The formula of the legacy engine.</summary>
    public static CapFormula Engine { get; } = new(1.0m, 0.7m, 0.001m);

    /// <summary>Cap^P of a CapID that defines none.</summary>
    public const decimal DefaultPotential = 50m;

    public decimal Weight(decimal capPotential) => 1m / EffectivePotential(capPotential);

    /// <summary>The unrounded dCap, as the engine computes it.</summary>
    public decimal Exact(decimal capPotential, decimal feedback, decimal misuse) =>
        (Phi * feedback / EffectivePotential(capPotential)) - (Psi * misuse);

    /// <summary>The dCap rounded once, at the end, as the feedback script computes it.</summary>
    public decimal Rounded(decimal capPotential, decimal feedback, decimal misuse) =>
        decimal.Round(Exact(capPotential, feedback, misuse), Decimals, MidpointRounding.ToEven);

    private decimal EffectivePotential(decimal capPotential) => capPotential > 0 ? capPotential : PotentialIfNotPositive;
}
