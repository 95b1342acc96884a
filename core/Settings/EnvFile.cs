using System.Text;
using System.Text.Unicode;

namespace CapOrleans.Core.Settings;

/// <summary>
/// A settings file that violates its grammar. The message names the line and the rule, but does not show the
/// line, which may contain a secret.
/// </summary>
/// <param name="line">From 1.</param>
public sealed class EnvFileException(int line, string rule) : Exception($"line {line}: {rule}")
{
    public int Line { get; } = line;
}

/// <summary>One line of a settings file.</summary>
/// <param name="Line">From 1.</param>
public sealed record EnvSetting(string Name, string Value, int Line)
{
    /// <summary>Only the name: the value may be a secret.</summary>
    public override string ToString() => Name;
}

/// <summary>
/// The one grammar of <c>.env</c>, for the service and for every script. UTF-8, with or without a byte order mark; lines end with LF or
/// CRLF.
/// <code>
/// line   = [ setting ] [ comment ]       a comment begins with # at the start of the line or after white space
/// setting = [ "export " ] NAME=value     no white space around the =, and no name twice
/// value  = bare                          up to the end or a comment; without quotes and backslashes
///        | 'text'                        literal
///        | "text"                        with \" \\ and \n as the only escapes
/// </code>
/// <c>$</c> is always literal. Anything else is an error.
/// </summary>
public static class EnvFile
{
    /// <returns>In the order of the file.</returns>
    /// <exception cref="EnvFileException">The first line that breaks the grammar.</exception>
    public static IReadOnlyList<EnvSetting> Parse(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
        {
            throw new EnvFileException(1 + utf8[..FirstInvalid(utf8)].Count((byte)'\n'), "not UTF-8.");
        }

        var settings = new List<EnvSetting>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var text = Encoding.UTF8.GetString(utf8);
        foreach (var (index, raw) in (text.StartsWith('\uFEFF') ? text[1..] : text).Split('\n').Index())
        {
            if (ReadLine(raw.EndsWith('\r') ? raw[..^1] : raw, index + 1) is not { } setting)
            {
                continue;
            }

            if (!lines.TryAdd(setting.Name, setting.Line))
            {
                throw new EnvFileException(setting.Line, $"the name is already set in line {lines[setting.Name]}.");
            }

            settings.Add(setting);
        }

        return settings;
    }

    private static EnvSetting? ReadLine(string line, int number)
    {
        if (line.Any(c => char.IsControl(c) && c != '\t'))
        {
            throw new EnvFileException(number, "a control character.");
        }

        var rest = line.AsSpan().TrimStart(" \t");
        if (rest.IsEmpty || rest[0] == '#')
        {
            return null;
        }

        if (rest.StartsWith("export ", StringComparison.Ordinal) || rest.StartsWith("export\t", StringComparison.Ordinal))
        {
            rest = rest["export ".Length..].TrimStart(" \t");
        }

        var length = rest.IndexOf('=');
        if (length < 1 || !IsName(rest[..length]))
        {
            throw new EnvFileException(number, "not NAME=value; a name has letters, digits and _, and there is no white space around the =.");
        }

        return new EnvSetting(rest[..length].ToString(), ReadValue(rest[(length + 1)..], number), number);
    }

    private static string ReadValue(ReadOnlySpan<char> text, int number)
    {
        switch (text)
        {
            case ['\'', .. var quoted]:
                var end = quoted.IndexOf('\'');
                RequireEnd(end < 0 ? default : quoted[(end + 1)..], end < 0, number);
                return quoted[..end].ToString();
            case ['"', .. var quoted]:
                return ReadQuoted(quoted, number);
            default:
                return ReadBare(text, number);
        }
    }

    private static string ReadBare(ReadOnlySpan<char> text, int number)
    {
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '#' && text[i - 1] is ' ' or '\t')
            {
                text = text[..i];
                break;
            }
        }

        var value = text.TrimEnd(" \t");
        if (value.IndexOfAny('"', '\'', '\\') >= 0)
        {
            throw new EnvFileException(number, "a quote or a backslash in a value without quotes: put the whole value in single quotes.");
        }

        return value.IsEmpty || value[0] is not (' ' or '\t')
            ? value.ToString()
            : throw new EnvFileException(number, "white space before the value: remove it, or put the value in single quotes.");
    }

    private static string ReadQuoted(ReadOnlySpan<char> text, int number)
    {
        var value = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"':
                    RequireEnd(text[(i + 1)..], isOpen: false, number);
                    return value.ToString();
                case '\\':
                    value.Append((i + 1 < text.Length ? text[++i] : '\0') switch
                    {
                        '"' => '"',
                        '\\' => '\\',
                        'n' => '\n',
                        _ => throw new EnvFileException(number, "an unknown escape: only \\\", \\\\ and \\n are " +
                            "allowed; use single quotes for a literal backslash."),
                    });
                    break;
                default:
                    value.Append(text[i]);
                    break;
            }
        }

        RequireEnd(default, isOpen: true, number);
        return "";
    }

    private static void RequireEnd(ReadOnlySpan<char> rest, bool isOpen, int number)
    {
        if (isOpen)
        {
            throw new EnvFileException(number, "a quote that is not closed on its line.");
        }

        var trimmed = rest.TrimStart(" \t");
        if (!trimmed.IsEmpty && (trimmed[0] != '#' || trimmed.Length == rest.Length))
        {
            throw new EnvFileException(number, "text after the quoted value.");
        }
    }

    private static bool IsName(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
            {
                return false;
            }
        }

        return !char.IsAsciiDigit(text[0]);
    }

    private static int FirstInvalid(ReadOnlySpan<byte> utf8)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(utf8[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }
}
