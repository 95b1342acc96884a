namespace CapOrleans.Contracts.Operations;

/// <param name="Name">Stable, kebab-case.</param>
/// <param name="Of">What has at most so much.</param>
/// <param name="Refusal">Status and problem type of what goes beyond.</param>
public sealed record Limit(string Name, long Value, string Unit, string Of, string Refusal);
