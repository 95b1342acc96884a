using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;

namespace CapOrleans.Tests.Core.Archive;

public sealed class LinkRulesTests
{
    /// <param name="locations">One letter each, capital for our own locations: o found, m missing, w wrong, u
    /// unknown.</param>
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
    public void What_no_location_has_is_lost_and_unknown_answers_are_asked_for_again(string locations, int look, LinkVerdict expected) =>
        Assert.Equal(expected, LinkRules.Judge(Answers(locations), look));

    [Theory]
    [InlineData("Om", false, true)]
    [InlineData("Omu", false, true)]
    [InlineData("Omo", false, false)]
    [InlineData("Ou", false, false)]
    [InlineData("O", false, false)]
    [InlineData("Mo", true, false)]
    [InlineData("OWo", true, false)]
    [InlineData("OUo", false, false)]
    public void Our_own_location_is_repaired_and_a_gateway_without_it_is_reported(string locations, bool repair, bool notPublic) =>
        Assert.Equal((repair, notPublic), (LinkRules.WantsRepair(Answers(locations)), LinkRules.IsNotPublic(Answers(locations))));

    private static List<LocationAnswer> Answers(string locations) => [.. locations.Select(location => new LocationAnswer(
        $"{location}", char.IsUpper(location),
        char.ToLowerInvariant(location) switch { 'o' => LinkStatus.Ok, 'm' => LinkStatus.Missing, 'w' => LinkStatus.Wrong, _ => LinkStatus.Unknown },
        DateTimeOffset.MinValue))];
}
