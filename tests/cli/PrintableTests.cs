using System.Text.Json.Nodes;
using CapOrleans.Cli;
using CsCheck;

namespace CapOrleans.Tests.Cli;

/// <summary>Terminal control sequences and invisible characters are not printed.</summary>
public sealed class PrintableTests
{
    [Theory]
    [InlineData("a\e[31mb", "a[31mb")]
    [InlineData("a\rb\bc\0d\u007fe", "abcde")]
    [InlineData("a\u009b2Jb\u0085c", "a2Jbc")]
    [InlineData("a\u202eb\u2066c\u200fd\u061ce\u200bf\ufeffg\u00adh\u2028i", "abcdefghi")]
    [InlineData("a\U000E0041b", "ab")]
    [InlineData("a\nb\tc", "a\nb\tc")]
    [InlineData("Überlast 🔥 [red]", "Überlast 🔥 [red]")]
    public void It_keeps_what_is_text(string text, string printed) => Assert.Equal(printed, Printable.Text(text));

    [Fact]
    public void Half_a_surrogate_pair_is_not_text() => Assert.Equal("a\ufffd", Printable.Text("a\ud83d"));

    [Fact]
    public void A_line_cannot_start_another_one() => Assert.Equal("a b c", Printable.Line("a\nb\tc"));

    [Fact]
    public void JSON_keeps_its_meaning_without_control_characters() => Gen.String.Where(text => !text.Any(char.IsSurrogate)).Sample(text =>
    {
        var printed = Output.Line(new JsonObject { [text] = text });
        Assert.Equal(printed, Printable.Text(printed));
        Assert.Equal(text, (string?)JsonNode.Parse(printed)![text]);
    });

    [Fact]
    public void In_JSON_a_surrogate_pair_is_escaped_as_a_pair() => Assert.Equal("\"\\udb40\\udc41\"", Printable.Json("\"\U000E0041\""));
}
