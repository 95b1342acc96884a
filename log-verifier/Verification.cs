using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.LogVerifier;

/// <param name="Head">Up to which the log was read; null when there is no such log.</param>
/// <param name="Findings">What does not hold, each in a sentence; empty for a log that is whole.</param>
public sealed record Verification(LogHead? Head, IReadOnlyList<string> Findings);

/// <param name="LeafHash">64 lower-case hex digits.</param>
public sealed record VerifiedIncident(string Origin, long Index, string LeafHash, AcceptedIncident Incident);
