using System.Text;
using System.Text.Unicode;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// The end of a command's output as text, with secrets masked. Memory use is constant, however long the output is.
/// </summary>
internal sealed class OutputTail
{
    /// <summary>Maximum length, in bytes.</summary>
    private const int Length = 4096;

    /// <summary>
    /// More than the tail is buffered, so that a secret before it or across its beginning is recognized.
    /// </summary>
    private const int BufferLength = 4 * Length;

    private readonly byte[] buffer = new byte[2 * BufferLength];
    private int filled;
    private long all;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        all += bytes.Length;
        bytes = bytes.Length > BufferLength ? bytes[^BufferLength..] : bytes;
        if (filled + bytes.Length > buffer.Length)
        {
            var kept = BufferLength;
            buffer.AsSpan(filled - kept, kept).CopyTo(buffer);
            filled = kept;
        }

        bytes.CopyTo(buffer.AsSpan(filled));
        filled += bytes.Length;
    }

    /// <returns>
    /// Valid UTF-8. A line in brackets comes first where the beginning is cut off, or stands for output that is binary.
    /// </returns>
    public override string ToString()
    {
        var bytes = buffer.AsSpan(0, filled);
        if (IsBinary(bytes))
        {
            return $"[{all} bytes of binary output]";
        }

        var masked = SecretMask.Apply(Text(bytes));
        return all <= Length ? masked : $"[the end of {all} bytes]\n{(masked.Length <= Length ? masked : masked[Start(masked)..])}";
    }

    /// <summary>Returns where the tail starts, never within a surrogate pair.</summary>
    private static int Start(string text) => char.IsLowSurrogate(text[^Length]) ? text.Length - Length + 1 : text.Length - Length;

    /// <summary>
    /// Decodes each line separately: one that is not UTF-8 comes from a program with an older locale, and is read as
    /// Latin-1.
    /// </summary>
    private static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var line in bytes.Split((byte)'\n'))
        {
            text.Append(Utf8.IsValid(bytes[line]) ? Encoding.UTF8.GetString(bytes[line]) : Encoding.Latin1.GetString(bytes[line])).Append('\n');
        }

        return text.ToString(0, text.Length - 1);
    }

    /// <summary>
    /// Whether more than a tenth are control characters, of ASCII or, where it is not UTF-8, of Latin-1.
    /// </summary>
    private static bool IsBinary(ReadOnlySpan<byte> bytes)
    {
        var strange = 0;
        for (var rest = bytes; !rest.IsEmpty;)
        {
            var isText = Rune.DecodeFromUtf8(rest, out var rune, out var length) == System.Buffers.OperationStatus.Done
                ? !Rune.IsControl(rune) || rune.Value is '\n' or '\r' or '\t' or '\b' or '\f' or 0x1B
                : rest[..length].IndexOfAnyInRange((byte)0x80, (byte)0x9F) < 0;
            strange += isText ? 0 : length;
            rest = rest[length..];
        }

        return strange * 10 > bytes.Length;
    }
}
