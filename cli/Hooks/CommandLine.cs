using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// A command, its arguments and its environment as the bytes that they are: what is no UTF-8 reaches the command all the same. Each ends
/// with a zero.
/// </summary>
internal sealed record CommandLine(IReadOnlyList<byte[]> Arguments, IReadOnlyList<byte[]> Environment)
{
    /// <summary>These words as they stand at the end of this process's own command line; encoded anew where they do not.</summary>
    public static CommandLine OfThisProcess(IReadOnlyList<string> words)
    {
        List<byte[]> own = [.. Own("cmdline").TakeLast(words.Count)];
        var isSame = own.Select(word => Encoding.UTF8.GetString(word.AsSpan()[..^1])).SequenceEqual(words, StringComparer.Ordinal);
        return new CommandLine(isSame ? own : [.. words.Select(Zero)], OwnEnvironment());
    }

    /// <summary>What is no text would be read as something else: a file of another name, a check of something that is not there.</summary>
    /// <exception cref="CliFaultException">A word of this process's command line is none.</exception>
    public static void RequireUtf8()
    {
        if (Own("cmdline").Find(word => !Utf8.IsValid(word)) is { } odd)
        {
            throw new CliFaultException(ExitCodes.Misconfigured,
                $"'{Encoding.UTF8.GetString(odd.AsSpan()[..^1])}' is not UTF-8: write it so, or put what it stands for in a file.");
        }
    }

    public static CommandLine Of(params IEnumerable<string> words) => new([.. words.Select(Zero)], OwnEnvironment());

    /// <summary>For <c>/bin/sh</c>, which runs what has no interpreter of its own.</summary>
    public CommandLine InShell() => this with { Arguments = [Zero("/bin/sh"), .. Arguments] };

    /// <summary>
    /// .NET ignores SIGPIPE, and forgets whether it was ignored before, as it is below systemd. Its parent shows it: who ignores it passes
    /// that on.
    /// </summary>
    public static bool WasPipeSignalIgnored() => IgnoredSignals($"/proc/{Posix.Parent()}/status") is { } mask && (mask & (1UL << 12)) != 0;

    /// <summary>What this process was started with, as by nohup, is left as it is.</summary>
    public static bool IsIgnored(int signal) => IgnoredSignals("/proc/self/status") is { } mask && (mask & (1UL << (signal - 1))) != 0;

    private static ulong? IgnoredSignals(string status)
    {
        const string Name = "SigIgn:";
        try
        {
            var line = File.ReadLines(status).FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
            return line is null ? null : ulong.Parse(line.AsSpan(Name.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static List<byte[]> OwnEnvironment() => Own("environ") is { Count: > 0 } own ? own
        : [.. System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => Zero($"{variable.Key}={variable.Value}"))];

    /// <returns>Nothing where the system does not show it.</returns>
    private static List<byte[]> Own(string file)
    {
        try
        {
            return Split(File.ReadAllBytes($"/proc/self/{file}"));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static byte[] Zero(string word) => [.. Encoding.UTF8.GetBytes(word), 0];

    private static List<byte[]> Split(byte[] text)
    {
        var strings = new List<byte[]>();
        for (var start = 0; start < text.Length;)
        {
            var end = Array.IndexOf(text, (byte)0, start);
            end = end < 0 ? text.Length : end;
            strings.Add([.. text.AsSpan(start, end - start), 0]);
            start = end + 1;
        }

        return strings;
    }
}
