using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;

namespace CapOrleans.Tests.Core.Archive;

public sealed class LinkRulesTests
{
    /// <param name="places">Own ones in capitals; o found, m missing, w wrong, u unknown.</param>
    [Theory]
    [InlineData("O", 1, LinkVerdict.Found)]
    [InlineData("Mo", 1, LinkVerdict.Found)]
    [InlineData("Omw", 1, LinkVerdict.Found)]
    [InlineData("M", 1, LinkVerdict.Lost)]
    [InlineData("MWm", 1, LinkVerdict.Lost)]
    [InlineData("Mu", 1, LinkVerdict.AskAgain)]
    [InlineData("Mu", 2, LinkVerdict.AskAgain)]
    [InlineData("Mu", 3, LinkVerdict.Lost)]
    [InlineData("U", 9, LinkVerdict.AskAgain)]
    [InlineData("", 9, LinkVerdict.AskAgain)]
    public void What_no_place_has_is_lost_and_who_could_not_be_asked_is_asked_again(string places, int look, LinkVerdict expected) =>
        Assert.Equal(expected, LinkRules.Judge(Answers(places), look));

    [Theory]
    [InlineData("Om", false, true)]
    [InlineData("Omu", false, true)]
    [InlineData("Omo", false, false)]
    [InlineData("Ou", false, false)]
    [InlineData("O", false, false)]
    [InlineData("Mo", true, false)]
    [InlineData("OWo", true, false)]
    [InlineData("OUo", false, false)]
    public void An_own_place_without_it_is_repaired_and_a_gateway_without_it_is_told(string places, bool repair, bool notPublic) =>
        Assert.Equal((repair, notPublic), (LinkRules.WantsRepair(Answers(places)), LinkRules.IsNotPublic(Answers(places))));

    private static List<LinkAnswer> Answers(string places) => [.. places.Select(place => new LinkAnswer(
        $"{place}", char.IsUpper(place),
        char.ToLowerInvariant(place) switch { 'o' => LinkStatus.Ok, 'm' => LinkStatus.Missing, 'w' => LinkStatus.Wrong, _ => LinkStatus.Unknown },
        DateTimeOffset.MinValue))];
}
