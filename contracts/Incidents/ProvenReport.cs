using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>A block of the chain.</summary>
/// <param name="Hash">64 lower-case hex digits with 0x: numbers are given anew when a chain is reorganised.</param>
[GenerateSerializer, Immutable, Alias("cap.chain-block.v1")]
public sealed record ChainBlock([property: Id(0)] long Number, [property: Id(1)] string Hash);

/// <summary>A report whose signature was checked: what it proved, and who signed.</summary>
/// <param name="Signer">The address that the signature proves, EIP-55; null when there was none.</param>
/// <param name="WalletBlock">Where the signer is a contract wallet: the block at which it took the signature.</param>
[GenerateSerializer, Immutable, Alias("cap.proven-report.v1")]
public sealed record ProvenReport(
    [property: Id(0)] IncidentReport Report,
    [property: Id(1)] string Scheme,
    [property: Id(2)] string? Signer,
    [property: Id(3)] ChainBlock? WalletBlock);

/// <summary>What a CapID says of a contract wallet that a report names as its signer, before the wallet is asked.</summary>
/// <param name="IsKnown">The CapID has or had this wallet among its keys.</param>
/// <param name="Ruling">What is known without asking: the report was accepted before, or may not be; null when the wallet decides.</param>
[GenerateSerializer, Immutable, Alias("cap.wallet-standing.v1")]
public sealed record WalletStanding([property: Id(0)] bool IsKnown, [property: Id(1)] Ruling? Ruling);

/// <summary>What became of a report's signature: it is proven, or the report is refused.</summary>
[GenerateSerializer, Immutable, Alias("cap.signature-check.v1")]
public sealed record SignatureCheck([property: Id(0)] ProvenReport? Proven, [property: Id(1)] Ruling? Refused);
