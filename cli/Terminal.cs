using System.Globalization;
using System.Text;
using Spectre.Console;

namespace CapOrleans.Cli;

/// <summary>
/// Standard output and standard error, in UTF-8 whatever the locale is. Everything that a command prints goes through
/// <see cref="Printable"/> here, wherever it came from.
/// </summary>
internal static class Terminal
{
    /// <summary>Standard error without that filter, for our own colours and progress bars.</summary>
    public static TextWriter RawError { get; } = OrNull(Console.OpenStandardError);

    /// <summary>Makes <see cref="Console"/> print only what is printable from here on.</summary>
    public static void FilterOutput()
    {
        _ = RawError; // capture it before it is replaced
        Console.SetOut(new PrintableWriter(OrNull(Console.OpenStandardOutput)));
        Console.SetError(new PrintableWriter(RawError));
    }

    /// <summary>A stream that was closed before this process began discards its output, and nothing fails.</summary>
    private static TextWriter OrNull(Func<Stream> open)
    {
        try
        {
            return new StreamWriter(open(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return TextWriter.Null;
        }
    }

    private sealed class PrintableWriter(TextWriter inner) : TextWriter(CultureInfo.InvariantCulture)
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => Write([value]);

        public override void Write(string? value) => Write(value.AsSpan());

        public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

        public override void Write(ReadOnlySpan<char> buffer) => inner.Write(Printable.Text(buffer));

        public override void WriteLine(string? value) => inner.WriteLine(Printable.Text(value));

        public override void Flush() => inner.Flush();
    }
}

/// <summary>Standard error for progress bars, which are made of escape sequences.</summary>
internal sealed class ErrorOutput : IAnsiConsoleOutput
{
    public TextWriter Writer => Terminal.RawError;

    public bool IsTerminal => !Console.IsErrorRedirected;

    public int Width => IsTerminal && Console.BufferWidth > 0 ? Console.BufferWidth : 80;

    public int Height => IsTerminal && Console.WindowHeight > 0 ? Console.WindowHeight : 24;

    public void SetEncoding(Encoding encoding)
    {
        // The terminal determines it.
    }
}
