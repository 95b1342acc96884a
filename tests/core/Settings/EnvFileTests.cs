using System.Text;
using CapOrleans.Core.Settings;
using CsCheck;

namespace CapOrleans.Tests.Core.Settings;

/// <summary>The single grammar of <c>.env</c>.</summary>
public sealed class EnvFileTests
{
    [Theory]
    [InlineData("A=b", "b")]
    [InlineData("  A=b  ", "b")]
    [InlineData("export A=b", "b")]
    [InlineData("export\t A=b", "b")]
    [InlineData("A=", "")]
    [InlineData("A= # nothing", "")]
    [InlineData("A=b # why", "b")]
    [InlineData("A=b\t# why", "b")]
    [InlineData("A=b#c", "b#c")]
    [InlineData("A=#b", "#b")]
    [InlineData("A=two words", "two words")]
    [InlineData("A=pa$$word$HOME${HOME}`id`", "pa$$word$HOME${HOME}`id`")]
    [InlineData("A=b=c==", "b=c==")]
    [InlineData("A=''", "")]
    [InlineData("A='b # \\n \"$c' # why", "b # \\n \"$c")]
    [InlineData("A=\"\"", "")]
    [InlineData("A=\"b # '$c' \\\" \\\\ \\n\"", "b # '$c' \" \\ \n")]
    [InlineData("A=\"b\"\t# why", "b")]
    [InlineData("A=b\r\n", "b")]
    [InlineData("\uFEFFA=b", "b")]
    [InlineData("# A=x\n\n \t\nA=b", "b")]
    public void A_line_has_one_meaning(string text, string value) => Assert.Equal(("A", value), Read(text).Select(setting => (setting.Name, setting.Value)).Single());

    [Theory]
    [InlineData("hunter2")]
    [InlineData("=hunter2")]
    [InlineData("A =hunter2")]
    [InlineData("A= hunter2")]
    [InlineData("1A=hunter2")]
    [InlineData("A-B=hunter2")]
    [InlineData("A.B=hunter2")]
    [InlineData("Ä=hunter2")]
    [InlineData("export A")]
    [InlineData("A='hunter2")]
    [InlineData("A=\"hunter2")]
    [InlineData("A=\"hunter2\\\"")]
    [InlineData("A=\"hunter2\\")]
    [InlineData("A='hunter2'x")]
    [InlineData("A='hunter2'# no")]
    [InlineData("A=\"hunter2\" x")]
    [InlineData("A=\"\\thunter2\"")]
    [InlineData("A=\"\\$hunter2\"")]
    [InlineData("A=hunter\\2")]
    [InlineData("A=hunter'2")]
    [InlineData("A=x\rB=hunter2")]
    [InlineData("A=hunter2\0")]
    [InlineData("A=hunter2\u0085")]
    [InlineData("B=x\nA=hunter2\nA=hunter2")]
    public void Anything_else_is_a_fault_with_its_line_and_without_its_text(string text)
    {
        var fault = Assert.Throws<EnvFileException>(() => Read($"# first\nFIRST=1\r\n{text}\n"));
        Assert.Equal(text.StartsWith("B=x\n", StringComparison.Ordinal) ? 5 : 3, fault.Line);
        Assert.StartsWith($"line {fault.Line}: ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_UTF_8_is_a_fault() => Assert.Equal(2, Assert.Throws<EnvFileException>(() => EnvFile.Parse([(byte)'#', (byte)'\n', (byte)'A', (byte)'=', 0xE9])).Line);

    [Fact]
    public void Every_value_can_be_written_and_reads_back_unchanged() =>
        Gen.String[Gen.Char[' ', '\uD7FF']].Where(value => !value.Any(char.IsControl)).Sample(value =>
        {
            var escaped = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
            Assert.Equal(value, Read($"A=\"{escaped}\" # \"").Single().Value);
            Assert.Equal(value.Replace("'", "", StringComparison.Ordinal), Read($"A='{value.Replace("'", "", StringComparison.Ordinal)}'").Single().Value);
        });

    [Fact]
    public void A_setting_does_not_print_its_value() => Assert.DoesNotContain("hunter2", Read("A=hunter2").Single().ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("API_PRT", "API_PORT")]
    [InlineData("api_port", "API_PORT")]
    [InlineData("DATADIR", "DATA_DIR")]
    [InlineData("GATE_PORTS", "GATE_PORT")]
    public void The_intended_name_is_suggested(string name, string meant) => Assert.Equal(meant, NearestName.Of(name, ["DATA_DIR", "API_PORT", "GATE_PORT"]));

    [Theory]
    [InlineData("severty", 1, "severity")]
    [InlineData("sevreity", 1, "severity")]
    [InlineData("SEVERITYS", 1, "severity")]
    [InlineData("security", 1, null)]
    [InlineData("security", 2, "severity")]
    [InlineData("agent", 2, null)]
    public void Only_a_few_slips_count_as_a_typo(string name, int slips, string? meant) => Assert.Equal(meant, NearestName.OfTypo(name, ["severity"],
        slips));

    private static IReadOnlyList<EnvSetting> Read(string text) => EnvFile.Parse(Encoding.UTF8.GetBytes(text));
}
