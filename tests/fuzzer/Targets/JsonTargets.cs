using System.Text;
using System.Text.Json;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Delegations;
using CapOrleans.Core.Incidents;
using CapOrleans.Fuzz.Engine;

namespace CapOrleans.Fuzz.Targets;

internal static class JsonTargets
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    private static readonly IReadOnlyList<byte[]> Tokens =
    [
        .. ((string[])["{", "}", "[", "]", ",", ":", "\"", "\\", "\"a\":", "\"é\":", "\"\\ud83d\\ude00\":", "\\u0000", "\\ud800", "\\udfff", "true", "false", "null", "-0", "0.1",
            "1e21", "1e-7", "5e-324", "1.7976931348623157e308", "1e309", "123456789012345678901234567890", "9007199254740993", "\t", "\r\n", "// x", "/* x */", "\ufeff"]).Select(Encoding.UTF8.GetBytes),
    ];

    public static Target[] Create() =>
    [
        new("canonical-json", Seeds(
            """{"b":[1,2.50,-0.0,1e21,1E-7,123456789012345678901234567890],"a":"\u00e9\ud83d\ude00\u2028\"\\/\b\f\n\r\t\u0001","\ud83d\ude00":null,"\uffee":true,"":{}}""",
            "[[[[[[[[[[]]]]]]]]]]", "\"\\u007f\"", "3.141592653589793"), Tokens, Canonical),
        new("batch-lines", Seeds("{}\n{}\r\n{}", "\n\n\n", "{\"a\":1}\r"), [[10], [13], [13, 10], .. Tokens], Lines),
        new("delegations", Seeds(
            """{"cap_id":"A","task_id":"T","delegation_chain":[{"from":"A","to":"B","scope":["x"],"timestamp":"2026-01-01T00:00:00Z"},{"from":"B","to":"C","scope":["x"]}],"actions":[{"actor":"C","scope":"x"}],"acknowledged":true,"closed":true}"""),
            [.. Tokens, .. ((string[])["\"from\":", "\"to\":", "\"scope\":", "\"delegation_chain\":", "\"chain\":", "\"links\":", "\"task_id\":"]).Select(Encoding.UTF8.GetBytes)], Delegations),
    ];

    private static void Canonical(byte[] input)
    {
        if (Parse(input) is not { } document)
        {
            return;
        }

        using (document)
        {
            Stable(document.RootElement, Rfc8785.Canonicalize);
            Stable(document.RootElement, ReferenceJson.Canonicalize);
        }
    }

    /// <summary>Checks that canonicalizing is idempotent.</summary>
    private static void Stable(JsonElement element, Func<JsonElement, byte[]> canonicalize)
    {
        byte[] once;
        try
        {
            once = canonicalize(element);
        }
        catch (JsonException)
        {
            return; // promised for input without a canonical form
        }

        using var again = StrictJson.Parse(once);
        DisagreementException.Unless(canonicalize(again.RootElement).AsSpan().SequenceEqual(once), "A canonical text is its own canonical text.");
    }

    private static void Lines(byte[] input)
    {
        var lines = BatchLines.Split(input);
        DisagreementException.Unless(lines.Count <= BatchLines.MaxLines + 1, "One line more than there may be, at most.");
        DisagreementException.Unless(lines.TrueForAll(line => !line.Span.Contains((byte)'\n')), "No line holds another.");
        DisagreementException.Unless(BatchLines.Split(BatchLines.OneLine(input)).Count <= 1, "One line is one line.");
        if (Parse(input) is { } document && Parse(BatchLines.OneLine(input)) is { } line)
        {
            using (document)
            using (line)
            {
                DisagreementException.Unless(Text(document.RootElement) == Text(line.RootElement), "On one line it says the same.");
            }
        }
    }

    private static void Delegations(byte[] input)
    {
        if (Parse(input) is not { } document)
        {
            return;
        }

        using (document)
        {
            try
            {
                _ = Rfc8785.Canonicalize(document.RootElement);
            }
            catch (JsonException)
            {
                return; // refused before it is audited
            }

            using var result = JsonDocument.Parse(DelegationAudit.Of(document.RootElement, Now));
        }
    }

    /// <returns>Null for input without a canonical form.</returns>
    private static string? Text(JsonElement element)
    {
        try
        {
            return Encoding.ASCII.GetString(ReferenceJson.Canonicalize(element));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonDocument? Parse(byte[] input)
    {
        try
        {
            return StrictJson.Parse(input);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[][] Seeds(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];
}
