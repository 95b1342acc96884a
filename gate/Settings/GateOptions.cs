using CapOrleans.Core.Incidents;
using CapOrleans.Core.Sealing;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Settings;

/// <param name="Apis">Addresses of the cluster's API; one is used as long as it answers.</param>
/// <param name="ApiKey">With what the gate asks the cluster for a CapID's keys; null for none. Nobody opens the gate with it.</param>
/// <param name="Token">What the gate's status and dead letters are asked for with.</param>
/// <param name="IsOpen">From this machine they need no token: only for a gate that listens on loopback.</param>
/// <param name="Policy">What the cluster lets in.</param>
/// <param name="SpoolFile">Where incidents wait.</param>
/// <param name="PerSecondPerAddress">Requests per second and address; a burst may be as large as one second's worth.</param>
/// <param name="Escalation">What is done here for a critical incident.</param>
/// <param name="Identity">Who the gate is to the cluster.</param>
/// <param name="SealingKeys">What hosts may seal to: the first is the one that is given out, the others were.</param>
public sealed record GateOptions(
    IReadOnlyList<Uri> Apis, Func<string?> ApiKey, GateToken Token, bool IsOpen, AdmissionPolicy Policy, string SpoolFile, SpoolLimits Spool,
    int PerSecondPerAddress, EscalationOptions Escalation, GateIdentity Identity, IReadOnlyList<X25519PrivateKey> SealingKeys);

/// <param name="Command">Run with <c>/bin/sh -c</c>; null for none.</param>
/// <param name="Url">The incident is posted there; null for nowhere.</param>
/// <param name="UnknownKeys">Also for what a key signed of which no list says anything, as in an outage when the CapID is new here.</param>
public sealed record EscalationOptions(string? Command, Uri? Url, bool UnknownKeys);

/// <param name="Name">An admin of the cluster gives it to the key.</param>
/// <param name="Key">Signs heartbeats.</param>
public sealed record GateIdentity(string Name, PrivateKey Key);
