using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.Incidents;

/// <summary>
/// Reports of one CapID in the order sent, after their signatures were checked. A refused one holds up no other. One
/// that could not be checked may be valid: those before it proceed, and those after it must be sent again.
/// </summary>
/// <param name="checks">One for each report; null where the check was not possible.</param>
public sealed class CheckedReports(IReadOnlyList<SignatureCheck?> checks)
{
    private readonly List<SignatureCheck> untilUnchecked = [.. checks.TakeWhile(check => check is not null).Select(check => check!)];

    /// <summary>The reports for the CapID to judge, together and in this order.</summary>
    public IReadOnlyList<ProvenReport> Proven => [.. untilUnchecked.Where(check => check.Proven is not null).Select(check => check.Proven!)];

    /// <param name="judged">One ruling for each of <see cref="Proven"/>.</param>
    /// <returns>One ruling for each report.</returns>
    public IReadOnlyList<Ruling> Merge(IReadOnlyList<Ruling> judged)
    {
        var next = 0;
        var rulings = untilUnchecked.ConvertAll(check => check.Refused ?? judged[next++]);
        return untilUnchecked.Count == checks.Count
            ? rulings
            : [.. rulings, Ruling.NotChecked, .. checks.Skip(untilUnchecked.Count + 1).Select(check => check?.Refused ?? Ruling.AfterAnother)];
    }
}
