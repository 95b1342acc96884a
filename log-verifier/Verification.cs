using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.LogVerifier;

/// <param name="Head">The head up to which the log was read; null when there is no such log.</param>
/// <param name="Findings">What is wrong, one sentence each; empty for an intact log.</param>
public sealed record Verification(LogHead? Head, IReadOnlyList<string> Findings);

/// <param name="LeafHash">64 lower-case hex digits.</param>
public sealed record VerifiedIncident(string Origin, long Index, string LeafHash, AcceptedIncident Incident);
