namespace CapOrleans.Fuzz.Engine;

/// <summary>A parser of untrusted bytes, and what must hold for every input.</summary>
/// <param name="Seeds">Inputs that reach deep into the parser; the others are derived from them.</param>
/// <param name="Tokens">Fragments to build inputs from.</param>
/// <param name="Check">Throws when something does not hold. A refusal that the parser promises is not thrown.</param>
internal sealed record Target(string Name, IReadOnlyList<byte[]> Seeds, IReadOnlyList<byte[]> Tokens, Action<byte[]> Check);

/// <summary>Something that must hold did not.</summary>
internal sealed class DisagreementException(string message) : Exception(message)
{
    public static void Unless(bool holds, string what)
    {
        if (!holds)
        {
            throw new DisagreementException(what);
        }
    }
}
