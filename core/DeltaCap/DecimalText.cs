using System.Globalization;

namespace CapOrleans.Core.DeltaCap;

/// <summary>One spelling per number: no exponent, no trailing zeros, no negative zero.</summary>
public static class DecimalText
{
    public static string Of(decimal value) =>
        value == 0 ? "0" : value.ToString("0.############################", CultureInfo.InvariantCulture);

    public static decimal Read(string text) =>
        decimal.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);

    /// <summary>The same number without trailing zeros, so that it prints as it is written in the log.</summary>
    public static decimal Normalize(decimal value) => Read(Of(value));
}
