namespace CapOrleans.Gate.Spool;

/// <summary>What an operator can do about a dead letter, by the name of its problem.</summary>
internal static class DeadLetterAdvice
{
    private const string Retry = "then run 'cap gate retry' with its number.";

    /// <param name="problem">Null when the problem is not one of the API's.</param>
    public static string Of(string? problem) => problem switch
    {
        "signer-not-authorised" => $"Add the signer's key to the CapID if it is one of its hosts ('cap key add'), {Retry}",
        "cap-unknown" => $"Register the CapID if it should exist ('cap register'), {Retry}",
        "full-signature-required" => "The host uses an older signature scheme than the CapID accepts: update its " +
            "client, or relax the policy " +
            $"('cap policy'), {Retry}",
        "unsigned" => "The host does not sign its incidents: give it a key. This incident cannot be accepted.",
        "timestamp-out-of-bounds" => "The host's clock is wrong, or it sent the incident too late. Correct the clock; this incident " +
            "cannot be accepted.",
        "too-old" => $"The cluster was unreachable for too long. Once 'cap gate status' shows no lastError, {Retry["then ".Length..]}",
        "conflict" => "Different content was accepted under this incident id. Compare the two, and delete this one if it is an " +
            "altered copy.",
        "signature-mismatch" or "signature-form" => "The incident was altered in transit, or its client signs " +
            "incorrectly: 'cap verify' shows " +
            "where. It cannot be accepted.",
        _ => $"Read the problem's rule and fix what it names. If the incident can then be accepted, {Retry["then ".Length..]} Otherwise " +
            $"delete it ('cap gate drop').",
    };
}
