using System.Text.Json;
using CapOrleans.Contracts;

namespace CapOrleans.Client;

/// <summary>Why the service refused (RFC 9457); docs/problems.md lists them.</summary>
/// <param name="Name">Stable name: the last part of its <c>type</c>.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Field">The field at fault; empty for the whole request.</param>
/// <param name="Rule">The rule that must hold, for display.</param>
/// <param name="Json">The problem as received.</param>
public sealed record Problem(string Name, int Status, string Title, string Field, string Rule, JsonElement Json)
{
    public override string ToString() => $"{Title}{(Field.Length == 0 ? ": " : $": {Field}: ")}{Rule}";

    /// <returns>
    /// Null when it is not one of ours: a response from a proxy or a login page does not count as an answer.
    /// </returns>
    internal static Problem? Read(int status, JsonElement body)
    {
        try
        {
            return body.ValueKind == JsonValueKind.Object && ProblemTypes.NameOf(Text("type")) is { } name
                ? new Problem(name, status, Text("title"), Text("field"), Text("rule"), body) : null;
        }
        catch (InvalidOperationException)
        {
            return null; // a member is not text
        }

        string Text(string member) => body.TryGetProperty(member, out var value) ? value.GetString() ?? "" : "";
    }
}
