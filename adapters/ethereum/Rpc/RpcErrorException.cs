using CapOrleans.Core.Anchors;

namespace CapOrleans.Ethereum.Rpc;

/// <summary>Meaning of a refusal, by the wording of Geth, Reth, Erigon, Nethermind, Besu and anvil.</summary>
public enum RpcRefusal
{
    Other = 0,

    /// <summary>The same transaction was sent before.</summary>
    AlreadyKnown = 1,

    /// <summary>A transaction with this nonce is in a block already.</summary>
    NonceTooLow = 2,

    /// <summary>
    /// It pays less than the node requires, or less than a tenth more than the transaction it would replace.
    /// </summary>
    Underpriced = 3,

    /// <summary>More gas or bytes than one transaction may have.</summary>
    TooLarge = 4,

    /// <summary>The node does not have the method.</summary>
    NoSuchMethod = 5,

    /// <summary>A contract ran and failed.</summary>
    Reverted = 6,
}

/// <summary>The node understood the request and refused it.</summary>
/// <param name="data">Revert data: the selector of an error and its arguments, in hex with 0x.</param>
public sealed class RpcErrorException(string method, int code, string message, string? data)
    : ChainUnavailableException($"The chain node refused {method}: {Truncate(message)} (code {code})")
{
    /// <summary>
    /// Longest part of a node's message that is kept, in characters: it may contain anything, and it goes into logs and
    /// to operators.
    /// </summary>
    private const int MaxMessage = 200;

    private const int ExecutionReverted = 3, MethodNotFound = -32601, LimitExceeded = -32005;

    /// <summary>Wording of rate limits; other nodes use some of it for size limits.</summary>
    private static readonly string[] RateLimitTexts =
    [
        "rate limit", "request rate", "rate exceeded", "ratelimit", "too many requests", "per second", "request count", "compute units", "quota",
        "credits",
    ];

    /// <summary>Checked in this order, the first match counts: a message may contain phrases of several.</summary>
    private static readonly (RpcRefusal Refusal, string[] Words)[] Wording =
    [
        (RpcRefusal.Reverted, ["execution reverted", "vm execution error", "reverted with"]),
        (RpcRefusal.AlreadyKnown, ["already known", "alreadyknown", "already imported", "known transaction", "same hash"]),
        (RpcRefusal.NonceTooLow, ["nonce too low", "nonce_too_low", "oldnonce", "nonce is too low", "lower than the current nonce"]),
        (RpcRefusal.Underpriced,
        [
            "underpriced", "replacementnotallowed", "feetoolow", "fee too low", "less than block base fee", "gas price below", "gas price too low", "price is too low",
            "tries to replace pending",
        ]),
        (RpcRefusal.TooLarge,
        [
            "exceeds block gas limit", "block gas limit exceeded", "gaslimitexceeded", "gas limit too high", "exceeds the limit", "greater than the cap",
            "gas required exceeds", "exceeds maximum", "intrinsic gas too", "oversized data", "maxtxsizeexceeded", "rlp too large", "out of gas", "outofgas", "request entity too large",
        ]),
        (RpcRefusal.NoSuchMethod, ["method not found", "does not exist/is not available", "not supported", "unsupported method", "unknown method"]),
    ];

    private static string Truncate(string message) =>
        message.Length <= MaxMessage ? message : $"{message[..MaxMessage]}...";

    public string Method => method;

    public new string? Data => data;

    public RpcRefusal Refusal { get; } = code == ExecutionReverted ? RpcRefusal.Reverted
        : code == MethodNotFound ? RpcRefusal.NoSuchMethod
        : code == LimitExceeded || ContainsAny(message, RateLimitTexts) ? RpcRefusal.Other
        : Wording.FirstOrDefault(meaning => ContainsAny(message, meaning.Words)).Refusal;

    private static bool ContainsAny(string message, string[] words) =>
        Array.Exists(words, word => message.Contains(word, StringComparison.OrdinalIgnoreCase));
}
