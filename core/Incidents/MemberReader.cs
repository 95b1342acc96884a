using System.Text.Json;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.DeltaCap;

namespace CapOrleans.Core.Incidents;

/// <summary>A member breaks its rule; caught where the document is read, and never thrown to callers.</summary>
internal sealed class MemberFaultException(string field, string rule) : Exception($"{field}: {rule}")
{
    public Refusal Refusal { get; } = new("invalid-field", field, rule);
}

/// <summary>
/// Reads members by type. A member that is null counts as absent; two names of one member must have equal values.
/// </summary>
internal readonly record struct MemberReader(JsonElement Incident)
{
    /// <summary>
    /// Maximum number of decimals; with such a bound, a number may also be written as a
    /// string. Null for the legacy rule.
    /// </summary>
    public int? Decimals { get; init; }

    public void RefuseOthers(IReadOnlySet<string> names)
    {
        foreach (var member in Incident.EnumerateObject())
        {
            if (!names.Contains(member.Name))
            {
                throw new MemberFaultException(member.Name, "not allowed: under full-v2 every member must be signed");
            }
        }
    }

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw new MemberFaultException(name, "a string"),
    };

    public string RequiredText(string name, int maxLength) =>
        Text(name) is { Length: > 0 } text && text.Length <= maxLength
            ? text
            : throw new MemberFaultException(name, $"{(Find(name) is null ? "is missing: " : "")}a string of 1 to {maxLength} characters");

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

    /// <summary>Reads a number within [0,1]; 0 when absent.</summary>
    public decimal Fraction(string name, string otherName) => Number(name, otherName) switch
    {
        null => 0m,
        >= 0m and <= 1m and var value => value,
        _ => throw new MemberFaultException(Find(name) is null ? otherName : name, "a number within [0,1]"),
    };

    public decimal? Within(string name, decimal min, decimal max) => Number(name, null) is not { } value ? null
        : value >= min && value <= max ? value
        : throw new MemberFaultException(name, $"a number from {min} to {max}");

    private decimal? Decimal(string name)
    {
        var value = Find(name);
        if (value is null)
        {
            return null;
        }

        if (Decimals is { } maxDecimals)
        {
            return DecimalText.TryReadExactly(value.Value.ValueKind == JsonValueKind.String ? value.Value.GetString()! : value.Value.GetRawText(), maxDecimals, out var exact)
                && value.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number
                ? exact
                : throw new MemberFaultException(name, $"a number, or a string of one, with at most {maxDecimals} decimals and no exponent");
        }

        return value.Value.ValueKind == JsonValueKind.Number && value.Value.TryGetDecimal(out var number)
            ? number
            : throw new MemberFaultException(name, "a number without quotes, of at most 28 digits");
    }

    private JsonElement? Find(string name) =>
        Incident.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
