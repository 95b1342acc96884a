using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.Incidents;

/// <summary>
/// Reports of one CapID in the order sent, after their signatures were checked. What is not proven is nobody's, and holds up nobody. What
/// could not be checked may be somebody's: those before it go on, those after it wait.
/// </summary>
/// <param name="checks">One for each report; null where none was possible.</param>
public sealed class CheckedReports(IReadOnlyList<SignatureCheck?> checks)
{
    private readonly List<SignatureCheck> first = [.. checks.TakeWhile(check => check is not null).Select(check => check!)];

    /// <summary>For the CapID to judge, together and in this order.</summary>
    public IReadOnlyList<ProvenReport> Proven => [.. first.Where(check => check.Proven is not null).Select(check => check.Proven!)];

    /// <param name="judged">One for each of <see cref="Proven"/>.</param>
    /// <returns>One for each report.</returns>
    public IReadOnlyList<Ruling> Rule(IReadOnlyList<Ruling> judged)
    {
        var next = 0;
        var rulings = first.ConvertAll(check => check.Refused ?? judged[next++]);
        return first.Count == checks.Count
            ? rulings
            : [.. rulings, Ruling.NotChecked, .. checks.Skip(first.Count + 1).Select(check => check?.Refused ?? Ruling.AfterAnother)];
    }
}
