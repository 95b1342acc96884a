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
    public void Whoever_reads_it_sees_all_of_it(string? text, bool isTaken)
    {
        Assert.Equal(isTaken, PrintableText.Is(text, 64));
        Assert.Equal(isTaken, ScoreCorrection.Fault(new Correction("INC-1", 1m, text)) is null);
    }

    [Fact]
    public void It_is_as_long_as_is_said_at_most() =>
        Assert.Equal((true, false), (PrintableText.Is(new string('a', 64), 64), PrintableText.Is(new string('a', 65), 64)));
}
