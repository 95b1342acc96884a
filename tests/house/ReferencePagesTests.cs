using CapOrleans.Core.AuditLog;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.House;

/// <summary>The generated reference matches the code; <c>docs/generate</c> writes it again.</summary>
public sealed class ReferencePagesTests
{
    /// <summary>Set by <c>docs/generate</c>.</summary>
    private const string Writes = "CAP_WRITE_REFERENCE";

    [Theory]
    [InlineData("docs/cli.md")]
    [InlineData("docs/events.md")]
    [InlineData("docs/settings.md")]
    [InlineData("grain-interfaces/OrleansMessages.txt")]
    public void A_page_matches_the_code(string path)
    {
        var (file, page) = (Repository.File(path), ReferencePages.All[path]());
        if (Environment.GetEnvironmentVariable(Writes) == "1")
        {
            File.WriteAllText(file, page);
        }

        Assert.True(File.ReadAllText(file) == page, $"{path} is not what the code says: run docs/generate.");
    }

    [Fact]
    public void Every_kind_of_entry_is_described_once() => Assert.Equal(
        typeof(EntryKinds).GetFields().Select(kind => (string)kind.GetRawConstantValue()!).Order(StringComparer.Ordinal),
        EntryMeanings.All.Select(meaning => meaning.Kind).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_setting_stands_in_the_page_once()
    {
        var page = ReferencePages.All["docs/settings.md"]();
        Assert.All(SettingNames.Known, name => Assert.Equal(2, page.Split($"* `{name}`").Length));
    }
}
