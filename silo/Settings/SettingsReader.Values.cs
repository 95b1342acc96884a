using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CapOrleans.Silo.Settings;

/// <summary>Reads single values; a fault is recorded, and reading goes on.</summary>
public sealed partial class SettingsReader
{
    private Uri? Url(string name) => Parse(
        name,
        ReadHttpUrl, "an http or https URL, without #", isSecret: true); // such a URL often carries a key

    private Uri[] Urls(string name) => Parse(
        name,
        text => Array.ConvertAll(text.Split(',', StringSplitOptions.TrimEntries), ReadHttpUrl) is var urls && Array.TrueForAll(urls, url =>
            url is not null)
            ? Array.ConvertAll(urls, url => url!) : null,
        "one or more http or https URLs, comma-separated, without #", isSecret: true) ?? [];

    /// <summary>Refuses a fragment: it is never sent, so whoever writes one means something else.</summary>
    private static Uri? ReadHttpUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Fragment.Length == 0
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps) ? url : null;

    private IPNetwork[] Networks(string name) => Parse(
        name,
        text => Array.ConvertAll(text.Split(',', StringSplitOptions.TrimEntries), ReadNetwork) is var networks
            && Array.TrueForAll(networks, network => network is not null)
            ? Array.ConvertAll(networks, network => network!.Value) : null,
        "comma-separated networks or addresses, such as 10.1.0.0/16,192.168.1.7,fd00::/8; the host bits of a network must be zero") ?? [];

    private static IPNetwork? ReadNetwork(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : !IPAddress.TryParse(text, out var address) ? null
        : address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPNetwork(address, 128)
        : address.ToString() == text ? new IPNetwork(address, 32) : null; // not 10, which would be 0.0.0.10

    private long Number(string name, long fallback, long min, long max)
    {
        if (Text(name) is not { } text)
        {
            return fallback;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        faults.Add($"{name} is '{text}': choose a whole number from {min} to {max}.");
        return fallback;
    }

    private string Choice(string name, string fallback, params string[] choices)
    {
        var text = Text(name) ?? fallback;
        if (!choices.Contains(text))
        {
            faults.Add($"{name} is '{text}': choose {string.Join(" or ", choices)}.");
        }

        return text;
    }

    private T? Parse<T>(string name, Func<string, T?> parse, string rule, bool isSecret = false)
        where T : class
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        T? value;
        try
        {
            value = parse(text);
        }
        catch (FormatException fault)
        {
            faults.Add($"{name}: {fault.Message}");
            return null;
        }

        if (value is null)
        {
            faults.Add($"{name} {(isSecret ? "cannot be read" : $"is '{text}'")}: choose {rule}.");
        }

        return value;
    }

    private string? Text(string name) => find(name) is { Length: > 0 } text ? text : null;
}
