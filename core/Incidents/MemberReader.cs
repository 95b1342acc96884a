using System.Text.Json;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.Incidents;

/// <summary>A member breaks its rule; caught where the document is read, never seen outside.</summary>
internal sealed class MemberFaultException(string field, string rule) : Exception($"{field}: {rule}")
{
    public Refusal Refusal { get; } = new("invalid-field", field, rule);
}

/// <summary>Reads members by type. A member that is null counts as absent; two names of one member must agree.</summary>
internal readonly struct MemberReader(JsonElement incident)
{
    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw new MemberFaultException(name, "a string"),
    };

    public string RequiredText(string name, int maxLength) =>
        Text(name) is { Length: > 0 } text && text.Length <= maxLength
            ? text
            : throw new MemberFaultException(name, $"a string of 1 to {maxLength} characters");

    public string Checked(string name, string? otherName, Func<string, bool> isValid, string rule)
    {
        var text = Text(name);
        var other = otherName is null ? null : Text(otherName);
        if (text is not null && other is not null && text != other)
        {
            throw new MemberFaultException(otherName!, $"equal to {name} when both are given");
        }

        return (text ?? other) is { } value && isValid(value) ? value : throw new MemberFaultException(name, rule);
    }

    public decimal? Number(string name, string? otherName)
    {
        var value = Decimal(name);
        var other = otherName is null ? null : Decimal(otherName);
        return value is not null && other is not null && value != other
            ? throw new MemberFaultException(otherName!, $"equal to {name} when both are given")
            : value ?? other;
    }

    /// <summary>Within [0,1]; 0 when absent.</summary>
    public decimal Fraction(string name, string otherName) => Number(name, otherName) switch
    {
        null => 0m,
        >= 0m and <= 1m and var value => value,
        _ => throw new MemberFaultException(Find(name) is null ? otherName : name, "a number within [0,1]"),
    };

    private decimal? Decimal(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetDecimal(out var number) => number,
        _ => throw new MemberFaultException(name, "a number that fits 28 digits"),
    };

    private JsonElement? Find(string name) =>
        incident.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
