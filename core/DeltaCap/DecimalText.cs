using System.Globalization;

namespace CapOrleans.Core.DeltaCap;

/// <summary>The one spelling of a decimal: no exponent, no trailing zeros, no negative zero.</summary>
public static class DecimalText
{
    public static string Of(decimal value) =>
        value == 0 ? "0" : value.ToString("0.############################", CultureInfo.InvariantCulture);

    public static decimal Read(string text) =>
        decimal.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);

    /// <summary>
    /// Reads a number as JSON spells it, without an exponent and without rounding. Its length is checked first: a
    /// decimal keeps 28 digits and rounds the rest.
    /// </summary>
    /// <param name="places">Maximum number of decimals.</param>
    public static bool TryReadExactly(string text, int places, out decimal value)
    {
        value = 0;
        var digits = text.AsSpan(text.StartsWith('-') ? 1 : 0);
        var point = digits.IndexOf('.');
        var whole = point < 0 ? digits : digits[..point];
        return text.Length <= 28
            && whole.Length > 0 && char.IsAsciiDigit(whole[0]) && (whole.Length == 1 || whole[0] != '0')
            && (point < 0 || (point < digits.Length - 1 && digits.Length - point - 1 <= places))
            && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>
    /// Returns the same number without trailing zeros, so that it prints as it is written in the log.
    /// </summary>
    public static decimal Normalize(decimal value) => Read(Of(value));
}
