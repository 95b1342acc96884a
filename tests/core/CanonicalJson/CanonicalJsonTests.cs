using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CapOrleans.Core.CanonicalJson;
using CsCheck;

namespace CapOrleans.Tests.Core.CanonicalJson;

public sealed class CanonicalJsonTests
{
    public static TheoryData<string, string> Reference => Vectors.Cases("reference-canonical-json.json", "cases");

    public static TheoryData<string, string> Jcs => Vectors.Cases("jcs.json", "cases");

    public static TheoryData<string, string> JcsRejects => Vectors.Cases("jcs.json", "rejects");

    [Theory, MemberData(nameof(Reference))]
    public void Reference_text_matches_Python_s(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        using var document = Parse(vector.Text("input"));
        var canonical = ReferenceJson.Canonicalize(document.RootElement);
        Assert.Equal(vector.Text("canonical"), Encoding.ASCII.GetString(canonical));
        Assert.True(vector.Text("sha256") == Convert.ToHexStringLower(SHA256.HashData(canonical)), name);
    }

    [Theory, MemberData(nameof(Jcs))]
    public void Rfc_8785_text_is_what_its_libraries_print(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        using var document = Parse(vector.Text("json"));
        var canonical = Rfc8785.Canonicalize(document.RootElement);
        Assert.True(vector.Hex("canonicalUtf8Hex").AsSpan().SequenceEqual(canonical), $"{name}: {Encoding.UTF8.GetString(canonical)}");
    }

    [Theory, MemberData(nameof(JcsRejects))]
    public void What_is_no_strict_JSON_is_refused_by_both_forms(string name, string json)
    {
        var text = JsonElement.Parse(json).GetProperty("json").GetString()!;
        foreach (var canonicalize in (Func<JsonElement, byte[]>[])[Rfc8785.Canonicalize, ReferenceJson.Canonicalize])
        {
            Assert.True(
                Record.Exception(() =>
                {
                    using var document = Parse(text);
                    canonicalize(document.RootElement);
                }) is JsonException,
                name);
        }
    }

    [Fact]
    public void Invalid_UTF_8_is_refused() =>
        Assert.Throws<JsonException>(() => StrictJson.Parse(new byte[] { (byte)'"', 0xC3, 0x28, (byte)'"' }));

    [Fact]
    public void Both_forms_leave_a_canonical_text_as_it_is() =>
        Gen.Double.Array[0, 8].Select(Gen.String.Array[0, 8]).Where((_, names) => names.All(IsUnicode)).Sample(
            (numbers, names) =>
            {
                var text = JsonSerializer.Serialize(new
                {
                    numbers = numbers.Where(double.IsFinite),
                    names = names.Distinct().ToDictionary(name => name, name => name.Length),
                });
                foreach (var canonicalize in (Func<JsonElement, byte[]>[])[Rfc8785.Canonicalize, ReferenceJson.Canonicalize])
                {
                    using var document = Parse(text);
                    var once = canonicalize(document.RootElement);
                    using var again = StrictJson.Parse(once);
                    Assert.Equal(once, canonicalize(again.RootElement));
                }
            },
            iter: 300);

    [Fact]
    public void An_object_written_member_by_member_is_canonical()
    {
        var bytes = new CanonicalObject()
            .Add("a", "x\u0001\u2028\"")
            .Add("b", new CanonicalObject())
            .Add("c", [new CanonicalObject().Add("n", 1L), new CanonicalObject()])
            .Add("d", ["p", "q"])
            .Add("e", (string?)null)
            .Add("f", -7L)
            .ToBytes();
        using var document = StrictJson.Parse(bytes);
        Assert.Equal(bytes, Rfc8785.Canonicalize(document.RootElement));
    }

    [Fact]
    public void Members_out_of_order_are_a_fault_of_the_writer() =>
        Assert.Throws<ArgumentException>(() => new CanonicalObject().Add("b", "").Add("a", ""));

    private static JsonDocument Parse(string text) => StrictJson.Parse(Encoding.UTF8.GetBytes(text));

    private static bool IsUnicode(string text) => !text.Any(char.IsSurrogate);
}
