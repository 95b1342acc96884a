using System.Globalization;

namespace CapOrleans.Core.CanonicalJson;

/// <summary>The fewest decimal digits that read back as the same double, as 0.DIGITS x 10^Point.</summary>
internal readonly record struct ShortestDecimal(bool Negative, string Digits, int Point)
{
    public static ShortestDecimal Of(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var negative = text[0] == '-';
        text = negative ? text[1..] : text;
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), CultureInfo.InvariantCulture);
        text = e < 0 ? text : text[..e];
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var point = (dot < 0 ? text.Length : dot) + exponent;
        var all = text.Replace(".", "", StringComparison.Ordinal);
        var digits = all.TrimStart('0');
        point -= all.Length - digits.Length;
        digits = digits.TrimEnd('0');
        return digits.Length == 0 ? new(negative, "0", 1) : new(negative, digits, point);
    }

    /// <summary>Positional notation; <see cref="Point"/> decides where zeros are filled in.</summary>
    public string Fixed() => Point switch
    {
        <= 0 => $"0.{new string('0', -Point)}{Digits}",
        _ when Point >= Digits.Length => Digits + new string('0', Point - Digits.Length),
        _ => $"{Digits[..Point]}.{Digits[Point..]}",
    };

    /// <summary>Scientific notation with at least <paramref name="exponentDigits"/> digits after the sign.</summary>
    public string Scientific(int exponentDigits)
    {
        var mantissa = Digits.Length == 1 ? Digits : $"{Digits[0]}.{Digits.AsSpan(1)}";
        var exponent = Point - 1;
        var magnitude = Math.Abs(exponent).ToString(CultureInfo.InvariantCulture).PadLeft(exponentDigits, '0');
        return $"{mantissa}e{(exponent < 0 ? '-' : '+')}{magnitude}";
    }
}
