using CapOrleans.Core.Access;

namespace CapOrleans.Tests.Core.Access;

public sealed class OneLineTests
{
    [Theory]
    [InlineData("The node is away.", "The node is away.")]
    [InlineData("It says\u001b[2J this\rand\u202e that\u0007\nand a stack", "It says[2J thisand that")]
    [InlineData("", "")]
    public void Foreign_text_becomes_one_printable_line(string message, string line) => Assert.Equal(line, OneLine.Of(message));

    [Fact]
    public void It_is_bounded_and_never_splits_a_character()
    {
        Assert.Equal(new string('x', 500), OneLine.Of(new string('x', 1_000_000)));
        Assert.Equal(new string('x', 499), OneLine.Of(new string('x', 499) + "\U0001F525"));
    }
}
