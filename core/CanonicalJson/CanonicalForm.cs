using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CapOrleans.Core.CanonicalJson;

/// <summary>The points in which two canonical forms of JSON differ.</summary>
internal interface ICanonicalForm
{
    static abstract ReadOnlySpan<byte> ItemSeparator { get; }

    static abstract ReadOnlySpan<byte> NameSeparator { get; }

    static abstract int CompareNames(string left, string right);

    static abstract void WriteString(string text, IBufferWriter<byte> output);

    static abstract string Number(JsonElement number);
}

/// <summary>Walks a document and writes it in the form <typeparamref name="TForm"/>.</summary>
internal static class CanonicalForm<TForm>
    where TForm : ICanonicalForm
{
    /// <exception cref="JsonException">A string is not Unicode, or a number is not finite.</exception>
    public static byte[] Write(JsonElement element)
    {
        var output = new ArrayBufferWriter<byte>(512);
        try
        {
            Write(element, output);
        }
        catch (InvalidOperationException fault)
        {
            throw StrictJson.LoneSurrogate(fault);
        }

        return output.WrittenSpan.ToArray();
    }

    private static void Write(JsonElement element, ArrayBufferWriter<byte> output)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(element, output);
                break;
            case JsonValueKind.Array:
                WriteArray(element, output);
                break;
            case JsonValueKind.String:
                TForm.WriteString(element.GetString()!, output);
                break;
            case JsonValueKind.Number:
                output.Write(Encoding.ASCII.GetBytes(TForm.Number(element)));
                break;
            default:
                output.Write(Encoding.ASCII.GetBytes(element.GetRawText()));
                break;
        }
    }

    private static void WriteObject(JsonElement element, ArrayBufferWriter<byte> output)
    {
        var members = new List<(string Name, JsonElement Value)>(element.GetPropertyCount());
        foreach (var member in element.EnumerateObject())
        {
            members.Add((member.Name, member.Value));
        }

        members.Sort(static (a, b) => TForm.CompareNames(a.Name, b.Name));
        output.Write("{"u8);
        for (var i = 0; i < members.Count; i++)
        {
            output.Write(i == 0 ? default : TForm.ItemSeparator);
            TForm.WriteString(members[i].Name, output);
            output.Write(TForm.NameSeparator);
            Write(members[i].Value, output);
        }

        output.Write("}"u8);
    }

    private static void WriteArray(JsonElement element, ArrayBufferWriter<byte> output)
    {
        output.Write("["u8);
        var first = true;
        foreach (var item in element.EnumerateArray())
        {
            output.Write(first ? default : TForm.ItemSeparator);
            first = false;
            Write(item, output);
        }

        output.Write("]"u8);
    }
}

internal static class JsonEscapes
{
    /// <summary>The escape that both forms share, or null when the character is not one of these.</summary>
    public static string? Of(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\f' => "\\f",
        '\r' => "\\r",
        < ' ' => Unit(c),
        _ => null,
    };

    public static string Unit(char c) => $"\\u{((int)c).ToString("x4", CultureInfo.InvariantCulture)}";
}
