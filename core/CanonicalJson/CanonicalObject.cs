using System.Buffers;
using System.Globalization;
using System.Text;

namespace CapOrleans.Core.CanonicalJson;

/// <summary>
/// Writes one RFC 8785 object member by member. The calling code adds members in canonical order, which is
/// checked, so the result is canonical without being sorted or parsed again. Decimals are written as
/// strings: RFC 8785 numbers are doubles.
/// </summary>
public sealed class CanonicalObject
{
    private readonly ArrayBufferWriter<byte> output = new(1024);
    private string? last;

    public CanonicalObject Add(string name, string? value)
    {
        Name(name);
        if (value is null)
        {
            output.Write("null"u8);
        }
        else
        {
            Rfc8785.WriteString(value, output);
        }

        return this;
    }

    /// <param name="value">Within the integers that a double represents exactly.</param>
    public CanonicalObject Add(string name, long value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Math.Abs(value), 1L << 53);
        Name(name);
        Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture), output);
        return this;
    }

    public CanonicalObject Add(string name, bool value)
    {
        Name(name);
        output.Write(value ? "true"u8 : "false"u8);
        return this;
    }

    public CanonicalObject Add(string name, CanonicalObject value)
    {
        Name(name);
        value.CopyTo(output);
        return this;
    }

    /// <summary>For a member that is left out when there is nothing to say.</summary>
    public CanonicalObject AddIfPresent(string name, CanonicalObject? value) => value is null ? this : Add(name, value);

    public CanonicalObject Add(string name, IEnumerable<CanonicalObject> items) =>
        AddArray(name, items, static (item, output) => item.CopyTo(output));

    public CanonicalObject Add(string name, IEnumerable<string> items) =>
        AddArray(name, items, static (item, output) => Rfc8785.WriteString(item, output));

    /// <returns>UTF-8.</returns>
    public byte[] ToBytes() => last is null ? "{}"u8.ToArray() : [.. output.WrittenSpan, (byte)'}'];

    private void CopyTo(IBufferWriter<byte> target)
    {
        target.Write(output.WrittenSpan);
        target.Write(last is null ? "{}"u8 : "}"u8);
    }

    private CanonicalObject AddArray<T>(string name, IEnumerable<T> items, Action<T, IBufferWriter<byte>> write)
    {
        Name(name);
        output.Write("["u8);
        var first = true;
        foreach (var item in items)
        {
            output.Write(first ? default : ","u8);
            first = false;
            write(item, output);
        }

        output.Write("]"u8);
        return this;
    }

    private void Name(string name)
    {
        if (last is not null && string.CompareOrdinal(last, name) >= 0)
        {
            throw new ArgumentException($"'{name}' must come before '{last}'.", nameof(name));
        }

        output.Write(last is null ? "{"u8 : ","u8);
        last = name;
        Rfc8785.WriteString(name, output);
        output.Write(":"u8);
    }
}
