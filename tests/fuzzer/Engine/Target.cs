namespace CapOrleans.Fuzz.Engine;

/// <summary>Something that takes bytes from strangers, and what must hold whatever they are.</summary>
/// <param name="Seeds">Inputs that reach deep; the others are made from them.</param>
/// <param name="Tokens">Pieces that inputs are made of.</param>
/// <param name="Check">Throws when something does not hold. The refusals that a parser promises are not thrown on.</param>
internal sealed record Target(string Name, IReadOnlyList<byte[]> Seeds, IReadOnlyList<byte[]> Tokens, Action<byte[]> Check);

/// <summary>What must hold did not.</summary>
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
