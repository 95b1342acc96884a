namespace CapOrleans.Cli.Hooks;

/// <summary>Severity and weight of a hook's incident.</summary>
/// <param name="Feedback">F_E, from 0 to 1; null for none.</param>
/// <param name="Misuse">M_E, from 0 to 1; null for none.</param>
internal sealed record Weight(string Severity, decimal? Feedback = null, decimal? Misuse = null);
