namespace CapOrleans.Contracts.Operations;

/// <param name="Name">Stable, kebab-case.</param>
/// <param name="Of">What the limit applies to.</param>
/// <param name="Refusal">HTTP status and problem type of a request that exceeds it.</param>
public sealed record Limit(string Name, long Value, string Unit, string Of, string Refusal);
