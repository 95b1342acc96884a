namespace CapOrleans.Gate;

/// <param name="Api">Where accepted calls are forwarded to.</param>
/// <param name="EscalateCommand">Run with <c>/bin/sh -c</c> for a critical incident; null for none.</param>
/// <param name="ChainId">The chain that a <c>full-v2</c> signature must name.</param>
public sealed record GateOptions(Uri Api, string? EscalateCommand, long ChainId);
