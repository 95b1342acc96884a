using System.Globalization;
using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Core.AuditLog;

/// <summary>
/// The envelope of every entry: <c>{"at", "body", "kind", "origin"}</c> in RFC 8785 canonical JSON. It has no index, so
/// it can be written before its position is known; the log assigns index and leaf hash.
/// </summary>
public static class Entry
{
    /// <param name="at">UTC, written with a precision of 100 ns.</param>
    public static EntryDraft Write(string kind, string origin, DateTimeOffset at, CanonicalObject body) =>
        new(kind, new CanonicalObject().Add("at", Instant(at)).Add("body", body).Add("kind", kind).Add("origin", origin).ToBytes());

    /// <param name="entry">The bytes of an incident's or an update's entry.</param>
    /// <remarks>In canonical JSON, a quotation mark within a string is escaped: only a member looks like one.</remarks>
    public static string CapIdOf(ReadOnlySpan<byte> entry)
    {
        var value = entry[(entry.IndexOf(CapIdMember) + CapIdMember.Length)..];
        return Encoding.UTF8.GetString(value[..value.IndexOf((byte)'"')]);
    }

    private static ReadOnlySpan<byte> CapIdMember => "\"capId\":\""u8;

    public static string Instant(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    public static DateTimeOffset ReadInstant(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        return ReadInstant(document.RootElement.GetProperty("at").GetString()!);
    }

    public static DateTimeOffset ReadInstant(string text) =>
        DateTimeOffset.ParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
