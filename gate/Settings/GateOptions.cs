using CapOrleans.Core.Incidents;
using CapOrleans.Core.Sealing;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Settings;

/// <param name="Apis">Addresses of the cluster's API; one is used as long as it answers.</param>
/// <param name="ApiKey">
/// Returns the API key with which the gate asks the cluster for a CapID's keys; null for none. It gives no access to
/// the gate.
/// </param>
/// <param name="Token">Gives operators access to the gate's status and dead letters.</param>
/// <param name="IsOpen">Reads from this machine need no token: only for a gate that listens on loopback.</param>
/// <param name="Policy">The cluster's admission policy.</param>
/// <param name="SpoolFile">Path of the file in which incidents wait.</param>
/// <param name="PerSecondPerAddress">Requests per second and address; a burst may be as large as one second's worth.</param>
/// <param name="Escalation">What the gate does about a critical incident.</param>
/// <param name="Identity">Identifies the gate to the cluster.</param>
/// <param name="SealingKeys">Keys that hosts may seal to: the first is published, the others were before.</param>
public sealed record GateOptions(
    IReadOnlyList<Uri> Apis, Func<string?> ApiKey, GateToken Token, bool IsOpen, AdmissionPolicy Policy, string SpoolFile, SpoolLimits Spool,
    int PerSecondPerAddress, EscalationOptions Escalation, GateIdentity Identity, IReadOnlyList<X25519PrivateKey> SealingKeys);

/// <param name="Command">Run with <c>/bin/sh -c</c>; null for none.</param>
/// <param name="Url">The incident is posted there; null for none.</param>
/// <param name="UnknownKeys">
/// Whether a signer may page without any list of keys, as in an outage when the CapID is new to this gate.
/// </param>
public sealed record EscalationOptions(string? Command, Uri? Url, bool UnknownKeys);

/// <param name="Name">Given to the key by an admin of the cluster.</param>
/// <param name="Key">Signs heartbeats.</param>
public sealed record GateIdentity(string Name, PrivateKey Key);
