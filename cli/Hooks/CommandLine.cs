using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// A command, its arguments and its environment as raw bytes, so that those that are not UTF-8 reach the command
/// unchanged. Each ends with a zero byte.
/// </summary>
internal sealed record CommandLine(IReadOnlyList<byte[]> Arguments, IReadOnlyList<byte[]> Environment)
{
    /// <summary>
    /// Takes these words from the end of this process's own command line, byte for byte; encodes them when they differ
    /// from it.
    /// </summary>
    public static CommandLine OfThisProcess(IReadOnlyList<string> words)
    {
        List<byte[]> own = [.. ReadOwn("cmdline").TakeLast(words.Count)];
        var isSame = own.Select(word => Encoding.UTF8.GetString(word.AsSpan()[..^1])).SequenceEqual(words, StringComparer.Ordinal);
        return new CommandLine(isSame ? own : [.. words.Select(NullTerminated)], OwnEnvironment());
    }

    /// <summary>
    /// Refuses arguments that are not UTF-8: decoding would turn them into another file's name, or a check of something
    /// that does not exist.
    /// </summary>
    /// <exception cref="CliFaultException">A word of this process's command line is not UTF-8.</exception>
    public static void RequireUtf8()
    {
        if (ReadOwn("cmdline").Find(word => !Utf8.IsValid(word)) is { } odd)
        {
            throw new CliFaultException(ExitCodes.Misconfigured,
                $"'{Encoding.UTF8.GetString(odd.AsSpan()[..^1])}' is not UTF-8: encode it as UTF-8, or put its content in a file.");
        }
    }

    public static CommandLine Of(params IEnumerable<string> words) => new([.. words.Select(NullTerminated)], OwnEnvironment());

    /// <summary>Wraps the command in <c>/bin/sh</c>, which can run a file without an interpreter line.</summary>
    public CommandLine InShell() => this with { Arguments = [NullTerminated("/bin/sh"), .. Arguments] };

    /// <summary>
    /// Whether SIGPIPE was ignored when this process started, as it is under systemd. .NET ignores SIGPIPE and does not
    /// keep that state, so the parent is examined: one that ignores it passes that on.
    /// </summary>
    public static bool WasPipeSignalIgnored() => IgnoredSignals($"/proc/{Posix.Parent()}/status") is { } mask && (mask & (1UL << 12)) != 0;

    /// <summary>
    /// Whether this process ignores a signal. One that was ignored at its start, as by nohup, stays ignored.
    /// </summary>
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

    private static List<byte[]> OwnEnvironment() => ReadOwn("environ") is { Count: > 0 } own ? own
        : [.. System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => NullTerminated($"{variable.Key}={variable.Value}"))];

    /// <returns>Empty when the system does not show it.</returns>
    private static List<byte[]> ReadOwn(string file)
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

    private static byte[] NullTerminated(string word) => [.. Encoding.UTF8.GetBytes(word), 0];

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
