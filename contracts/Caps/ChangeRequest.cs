using System.ComponentModel.DataAnnotations;
using Orleans;

namespace CapOrleans.Contracts.Caps;

/// <summary>One change of a CapID's context: exactly one of the three members is set.</summary>
/// <param name="Policy">An admin key may not change what judges its own score or sets its share of the log: only an
/// operator changes <c>selfFeedback</c>, <c>deltaCapLimit</c> and <c>reportsPerMinute</c>.</param>
[GenerateSerializer, Immutable, Alias("cap.context-change.v1")]
public sealed record ContextChange(
    [property: Id(0)] KeyDefinition? AddKey = null,
    [property: Id(1)] KeyRevocation? RevokeKey = null,
    [property: Id(2)] PolicyDefinition? Policy = null);

/// <param name="Reason">For people; 1 to 256 printable characters, without a space at either end.</param>
[GenerateSerializer, Immutable, Alias("cap.key-revocation.v1")]
public sealed record KeyRevocation(
    [property: Id(0), Required] string? Address,
    [property: Id(1)] string? Reason = null);

/// <summary>A requested change, signed by an admin key of the CapID, or unsigned from an operator.</summary>
/// <param name="AfterVersion">The version of the context that the change is meant for; an
/// operator may leave it out.</param>
/// <param name="Timestamp">When it was signed, ISO 8601 UTC.</param>
/// <param name="ChangeHash">What is signed: SHA-256 of the change in RFC 8785 canonical JSON, 64
/// lower-case hex digits.</param>
/// <param name="Request">The body in RFC 8785 canonical JSON: what the signature does not cover, such as
/// white space, is not kept.</param>
[GenerateSerializer, Immutable, Alias("cap.change-request.v1")]
public sealed record ChangeRequest(
    [property: Id(0)] ContextChange Change,
    [property: Id(1)] long? AfterVersion,
    [property: Id(2)] string? Timestamp,
    [property: Id(3)] string? Signature,
    [property: Id(4)] string ChangeHash,
    [property: Id(5)] string Request);

/// <summary>The body of <c>POST /v1/caps/{capId}/changes</c>.</summary>
/// <param name="Change">Exactly one of <c>addKey</c>, <c>revokeKey</c>, <c>policy</c>.</param>
/// <param name="AfterVersion">The context's version that the change is meant for.</param>
/// <param name="Timestamp">When it was signed.</param>
/// <param name="Signature">By an admin key; null for an operator's call.</param>
public sealed record ChangeBody(
    [property: Required] ContextChange? Change, long? AfterVersion = null, string? Timestamp = null, string? Signature = null);
