using System.Text;
using System.Text.Json.Nodes;

namespace CapOrleans.Tests.Cli;

/// <summary>What people type and what files contain.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("key add X --key 0x1 --until tomorrow", "--until takes a time such as 2026-11-28T10:00:00Z, not 'tomorrow'. See cap " +
        "key add --help")]
    [InlineData("gate retry first", "'first' is not expected here; NUMBER takes a whole number. See cap gate retry --help")]
    [InlineData("correct X I --delta-cap much --reason r", "--delta-cap takes a number, not 'much'. See cap correct --help")]
    [InlineData("gate reetry 1", "'reetry' is not a command of cap gate; did you mean 'retry'? See cap gate --help")]
    [InlineData("operatr list", "'operatr' is not a command of cap; did you mean 'operator'? See cap --help")]
    [InlineData("register X --key 0x1 --potential 1,5", "--potential takes a number such as 0.1, not '1,5'. See cap register --help")]
    [InlineData("hook unit --m-e 0,1 nginx", "--m-e takes a number such as 0.1, not '0,1'. See cap hook unit --help")]
    [InlineData("key add X", "Option '--key' is required. See cap key add --help")]
    public async Task A_typing_mistake_is_named_with_what_is_expected(string line, string fault)
    {
        var (code, output) = await CapAsync(line.Split(' '));
        Assert.Equal((2, $"cap: {fault}"), (code, output.Trim()));
    }

    [Fact]
    public async Task Invalid_UTF_8_is_refused_and_not_replaced()
    {
        await CapAsync("keygen", "--out", directory.File("host.key"));
        await File.WriteAllBytesAsync(directory.File("latin1.json"), Encoding.Latin1.GetBytes("""{"task_id":"INC-1","description":"Überlast"}"""));
        foreach (var command in (string[][])[["sign", directory.File("latin1.json"), "--key", directory.File("host.key")], ["verify",
            directory.File("latin1.json")], ["archive", directory.File("latin1.json")]])
        {
            var (code, output) = await CapAsync(command);
            Assert.Equal(2, code);
            Assert.Contains("latin1.json is not UTF-8: 0xdc at byte 34.", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_byte_order_mark_is_taken_in_a_file_and_on_standard_input_and_the_locale_changes_nothing()
    {
        await CapAsync("keygen", "--out", directory.File("host.key"));
        await File.WriteAllBytesAsync(directory.File("bom.json"), [.. Encoding.UTF8.Preamble, .. """{"task_id":"INC-1","description":"Überlast ✓"}"""u8]);
        foreach (var how in (string[])["sign bom.json", "sign - < bom.json"])
        {
            using var shell = Child.Start(
                "/bin/sh", ["-c", $"{CapCommand.Program} {how} --key host.key > out.json"],
                new Dictionary<string, string> { ["LC_ALL"] = "de_DE.ISO-8859-1", ["LANG"] = "de_DE.ISO-8859-1",
                    ["DATA_DIR"] = directory.Path, ["PATH"] = "/usr/bin:/bin" }, directory.Path);
            Assert.Equal(0, await shell.ExitAsync());
            var signed = JsonNode.Parse(new UTF8Encoding(false, true).GetString(await File.ReadAllBytesAsync(directory.File("out.json"))))!;
            Assert.Equal("Überlast ✓", (string?)signed["description"]);
        }
    }

    private Task<(int Code, string Output)> CapAsync(params string[] arguments) =>
        new CapCommand(directory.Path, ("DATA_DIR", directory.Path)).RunAsync(arguments);
}
