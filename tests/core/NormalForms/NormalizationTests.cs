using System.Text;
using System.Text.Json;
using CapOrleans.Core.NormalForms;

namespace CapOrleans.Tests.Core.NormalForms;

public sealed class NormalizationTests
{
    /// <summary>Compared with ICU in Node.js: every character that changes, and many random sequences.</summary>
    [Fact]
    public async Task Normal_forms_match_those_of_ICU()
    {
        using var directory = new TempDirectory();
        var changing = Enumerable.Range(0x80, 0x2FFFF).Where(Rune.IsValid).Select(point => new Rune(point).ToString())
            .Where(text => Normalization.ToFormC(text) != text || Normalization.ToFormKC(text) != text || Normalization.ToFormC(text + "\u0301") != text + "\u0301").ToList();
        Assert.InRange(changing.Count, 4_000, 20_000);
        var marks = Enumerable.Range(0x300, 0x70).Concat([0x5B0, 0x64B, 0x93C, 0x1161, 0x11A8, 0x11C2, 0x3099, 0x1D165]).Select(point => new Rune(point).ToString()).ToList();
        var plain = Enumerable.Range('A', 58).Select(point => ((char)point).ToString()).Concat(["\u1100", "\uAC00", "\u0391", "\u304B"]).ToList();
        var random = new Random(1);
        string Draw(List<string> from) => from[random.Next(from.Count)];
        var mixed = Enumerable.Range(0, 20_000).Select(_ => string.Concat(Enumerable.Range(0, 6).Select(_ => random.Next(4) switch { 0 => Draw(changing), 1 => Draw(plain), _ => Draw(marks) })));
        await File.WriteAllTextAsync(directory.File("cases.json"), JsonSerializer.Serialize(
            changing.Concat(mixed).Select(text => new[] { text, Normalization.ToFormC(text), Normalization.ToFormKC(text) })));
        Assert.Equal("[]", await Child.RunAsync("node", "-e", """
            const cases = JSON.parse(require('fs').readFileSync(process.argv[1], 'utf8'));
            const wrong = cases.filter(([text, c, kc]) => text.normalize('NFC') !== c || text.normalize('NFKC') !== kc);
            console.log(JSON.stringify(wrong.slice(0, 5).map((one) => one.map(escape))));
            """, directory.File("cases.json")));
    }

    [Theory]
    [InlineData("", "", "")]
    [InlineData("plain", "plain", "plain")]
    [InlineData("A\u030A", "\u00C5", "\u00C5")]
    [InlineData("\u212B", "\u00C5", "\u00C5")]
    [InlineData("\uFB03", "\uFB03", "ffi")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307", "q\u0323\u0307")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C", "\uD55C")]
    [InlineData("\U0001F6A8", "\U0001F6A8", "\U0001F6A8")]
    public void Characters_are_composed_and_ligatures_decomposed(string text, string canonical, string compatible) =>
        Assert.Equal((canonical, compatible), (Normalization.ToFormC(text), Normalization.ToFormKC(text)));
}
