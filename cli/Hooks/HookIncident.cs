using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CapOrleans.Client.Signing;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// A failure that a hook found, made into an incident with every field signed. Secrets in the description are masked,
/// because log entries are permanent.
/// </summary>
/// <param name="Name">Name of what failed, for example <c>nginx</c>; the incident's id begins with it.</param>
/// <param name="Seed">12 hex digits that identify this failure: the same failure is the same incident.</param>
/// <param name="At">When it happened, not when it is sent.</param>
internal sealed record HookIncident(string Name, string Seed, Weight Weight, string Description, DateTimeOffset At)
{
    /// <returns>The signed incident, ready to be sent.</returns>
    public byte[] Sign(PrivateKey key, string suffix = "FAIL")
    {
        var incident = Write(suffix);
        IncidentFile.Sign(incident, key);
        return IncidentSigner.Bytes(incident);
    }

    /// <returns>The incident without a signature.</returns>
    public JsonObject Write(string suffix = "FAIL")
    {
        var name = new string([.. Name.ToUpperInvariant().Where(char.IsAsciiLetterOrDigit).Take(32)]);
        var incident = new JsonObject
        {
            ["task_id"] = $"{name}{suffix}-{Seed}",
            ["cap_id"] = CapEnvironment.CapId,
            ["agent"] = CapEnvironment.AgentId,
            ["timestamp"] = At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["severity"] = Weight.Severity,
            ["description"] = Shorten(SecretMask.Apply(Description)),
            ["scheme"] = FullV2.Scheme,
        };
        if (Weight.Feedback is { } feedback)
        {
            incident["f_e"] = feedback;
        }

        if (Weight.Misuse is { } misuse)
        {
            incident["m_e"] = misuse;
        }

        return incident;
    }

    /// <summary>Keeps the end, which says most, and removes unprintable characters.</summary>
    private static string Shorten(string text)
    {
        var clean = Printable.Text(text);
        var bytes = Encoding.UTF8.GetBytes(clean);
        if (bytes.Length <= IncidentReader.MaxDescriptionBytes)
        {
            return clean;
        }

        var start = bytes.Length - (IncidentReader.MaxDescriptionBytes - 16);
        while ((bytes[start] & 0xC0) == 0x80)
        {
            start++; // not in the middle of a character
        }

        return "[...] " + Encoding.UTF8.GetString(bytes, start, bytes.Length - start);
    }
}
