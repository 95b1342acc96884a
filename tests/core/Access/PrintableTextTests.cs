using CapOrleans.Contracts.Caps;
using CapOrleans.Core.Access;
using CapOrleans.Core.Caps;

namespace CapOrleans.Tests.Core.Access;

/// <summary>Names and reasons that are stored in entries contain no invisible characters.</summary>
public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("edge key 2", true)]
    [InlineData("Zoë O'Neil (ops) \U0001F600", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData(" ", false)]
    [InlineData(" a", false)]
    [InlineData("a\u3000", false)]
    [InlineData("a\u0085b", false)]
    [InlineData("a\u2028b", false)]
    [InlineData("\u202eevil", false)]
    [InlineData("ad\u00admin", false)]
    [InlineData("a\U000E0041b", false)]
    [InlineData("a\ud83d", false)]
    [InlineData("\udc00a", false)]
    public void Every_character_is_visible(string? text, bool isTaken)
    {
        Assert.Equal(isTaken, PrintableText.IsValid(text, 64));
        Assert.Equal(isTaken, ScoreCorrection.Fault(new Correction("INC-1", 1m, text)) is null);
    }

    [Fact]
    public void It_has_at_most_the_stated_length() =>
        Assert.Equal((true, false), (PrintableText.IsValid(new string('a', 64), 64), PrintableText.IsValid(new string('a', 65), 64)));
}
