using CapOrleans.Contracts.Access;
using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>A block of the chain.</summary>
/// <param name="Hash">64 lower-case hex digits with 0x; block numbers are reassigned when
/// the chain is reorganised.</param>
[GenerateSerializer, Immutable, Alias("cap.chain-block.v1")]
public sealed record ChainBlock([property: Id(0)] long Number, [property: Id(1)] string Hash);

/// <summary>A report whose signature was checked, with the scheme and the signer that it proves.</summary>
/// <param name="Signer">The address that the signature proves, EIP-55; null when there was no signature.</param>
/// <param name="WalletBlock">For a contract wallet, the block at which it accepted the
/// signature; null otherwise.</param>
/// <param name="Integration">What filed it with a key instead of a signature, which the caller has checked; null for
/// none.</param>
[GenerateSerializer, Immutable, Alias("cap.proven-report.v1")]
public sealed record ProvenReport(
    [property: Id(0)] IncidentReport Report,
    [property: Id(1)] string Scheme,
    [property: Id(2)] string? Signer,
    [property: Id(3)] ChainBlock? WalletBlock,
    [property: Id(4)] IntegrationReference? Integration = null);

/// <summary>
/// How a CapID stands to the contract wallet that a report names as its signer, before the wallet is asked.
/// </summary>
/// <param name="IsKnown">Whether the wallet is or was among the CapID's keys.</param>
/// <param name="Ruling">The ruling that does not depend on the wallet: the report was accepted before, or is refused;
/// null when the wallet decides.</param>
[GenerateSerializer, Immutable, Alias("cap.wallet-standing.v1")]
public sealed record WalletStanding([property: Id(0)] bool IsKnown, [property: Id(1)] Ruling? Ruling);

/// <summary>The outcome of a signature check: the proven report, or the refusal.</summary>
[GenerateSerializer, Immutable, Alias("cap.signature-check.v1")]
public sealed record SignatureCheck([property: Id(0)] ProvenReport? Proven, [property: Id(1)] Ruling? Refused);
