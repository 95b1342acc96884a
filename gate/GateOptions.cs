using CapOrleans.Core.Incidents;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate;

/// <param name="Apis">Addresses of the cluster's API; one is used as long as it answers.</param>
/// <param name="ApiKey">With what the gate asks the cluster for a CapID's keys, and with what its own status is asked for; null for none.</param>
/// <param name="IsOpen">The gate's status and dead letters need no key: only for a gate that listens on loopback.</param>
/// <param name="Policy">What the cluster lets in.</param>
/// <param name="SpoolFile">Where incidents wait.</param>
/// <param name="PerSecondPerAddress">Requests per second and address; a burst may be as large as one second's worth.</param>
/// <param name="EscalateCommand">Run with <c>/bin/sh -c</c> for a critical incident; null for none.</param>
public sealed record GateOptions(
    IReadOnlyList<Uri> Apis, Func<string?> ApiKey, bool IsOpen, AdmissionPolicy Policy, string SpoolFile, SpoolLimits Spool, int PerSecondPerAddress, string? EscalateCommand);
