namespace CapOrleans.Gate.Spool;

/// <summary>What an operator can do about a dead letter, by the name of its problem.</summary>
internal static class DeadLetterAdvice
{
    private const string Retry = "then 'cap gate retry' its number.";

    /// <param name="problem">Null when the problem is not one of the API's.</param>
    public static string Of(string? problem) => problem switch
    {
        "signer-not-authorised" => $"Add the signer's key to the CapID if it is one of its hosts ('cap key add'), {Retry}",
        "cap-unknown" => $"Register the CapID if it should exist ('cap register'), {Retry}",
        "full-signature-required" => $"The host signs an older form than the CapID takes: renew its client, or loosen the policy " +
            $"('cap policy'), {Retry}",
        "unsigned" => "The host does not sign: give it a key. This incident cannot be accepted.",
        "timestamp-out-of-bounds" => "The host's clock is wrong, or it kept the incident too long. Mend the clock; this incident " +
            "cannot be accepted.",
        "too-old" => $"The cluster could not be reached for too long. When 'cap gate status' shows no lastError, {Retry["then ".Length..]}",
        "conflict" => "Another content was accepted under this incident id. Compare the two; delete this one if it is a copy that " +
            "was altered.",
        "signature-mismatch" or "signature-form" => "It was altered on the way, or its client signs wrongly: 'cap verify' shows " +
            "where. It cannot be accepted.",
        _ => $"Read the problem's rule and mend what it names. If it can be accepted after that, {Retry["then ".Length..]} Else " +
            $"delete it ('cap gate drop').",
    };
}
