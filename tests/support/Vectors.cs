using System.Text.Json;

namespace CapOrleans.Tests.Support;

/// <summary>Test vectors computed by independent libraries; the <c>source</c> member of each file names them.</summary>
public static class Vectors
{
    public static JsonElement Load(string file) =>
        JsonElement.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", file)));

    /// <summary>The cases of the given lists, each with a name that identifies it.</summary>
    public static TheoryData<string, string> Cases(string file, params string[] lists)
    {
        var data = new TheoryData<string, string>();
        foreach (var list in lists)
        {
            var at = 0;
            foreach (var item in Load(file).GetProperty(list).EnumerateArray())
            {
                var name = item.ValueKind != JsonValueKind.Object ? null
                    : item.TryGetProperty("name", out var given) ? given.GetString()
                    : item.TryGetProperty("reason", out var reason) ? reason.GetString() : null;
                data.Add($"{list}[{at++}] {name}", item.GetRawText());
            }
        }

        return data;
    }

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static byte[] Hex(this JsonElement element, string name) => FromHex(element.Text(name));

    public static byte[] FromHex(string text) => Convert.FromHexString(text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text);
}
