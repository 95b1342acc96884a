using System.Globalization;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using Microsoft.AspNetCore.Mvc;

namespace CapOrleans.Api.Reads;

/// <summary>
/// Query of <c>GET /v1/incidents</c>, for the OpenAPI description: all of it is text until <see cref="QueryReader"/>
/// parses it.
/// </summary>
internal sealed record IncidentListQuery(
    [FromQuery(Name = "cap")] string? Cap, [FromQuery(Name = "severity")] string? Severity,
    [FromQuery(Name = "minSeverity")] string? MinSeverity, [FromQuery(Name = "from")] string? From, [FromQuery(Name = "to")] string? To,
    [FromQuery(Name = "order")] string? Order, [FromQuery(Name = "cursor")] string? Cursor, [FromQuery(Name = "limit")] string? Limit)
{
    public static readonly string[] Names = ["cap", "severity", "minSeverity", "from", "to", "order", "cursor", "limit"];
}

/// <summary>Query of <c>GET /v1/incidents/{capId}/{incidentId}/timeline</c>.</summary>
internal sealed record TimelineQuery([FromQuery(Name = "format")] string? Format)
{
    public static readonly string[] Names = ["format"];
}

/// <summary>Query of <c>GET /v1/caps</c>.</summary>
internal sealed record CapListQuery([FromQuery(Name = "after")] string? After, [FromQuery(Name = "limit")] string? Limit)
{
    public static readonly string[] Names = ["after", "limit"];
}

/// <summary>Query of <c>GET /v1/audit</c>.</summary>
internal sealed record EntryListQuery(
    [FromQuery(Name = "log")] string? Log, [FromQuery(Name = "after")] string? After, [FromQuery(Name = "limit")] string? Limit)
{
    public static readonly string[] Names = ["log", "after", "limit"];
}

/// <summary>Query of <c>GET /v1/caps/{capId}/history</c>.</summary>
internal sealed record HistoryQuery([FromQuery(Name = "after")] string? After, [FromQuery(Name = "limit")] string? Limit)
{
    public static readonly string[] Names = ["after", "limit"];
}

/// <summary>Reads query parameters; the first that breaks its rule becomes the fault.</summary>
internal sealed class QueryReader
{
    private readonly IQueryCollection query;

    /// <param name="names">The endpoint's parameters; any other is a fault.</param>
    public QueryReader(IQueryCollection query, string[] names)
    {
        this.query = query;
        if (query.Keys.FirstOrDefault(name => !names.Contains(name)) is { } stray)
        {
            Fail<string>(stray, $"one of {string.Join(", ", names)}");
        }
        else if (query.FirstOrDefault(given => given.Value.ToString().Length == 0).Key is { } empty)
        {
            Fail<string>(empty, "not empty; omit it to leave the result unfiltered");
        }
    }

    public IResult? Fault { get; private set; }

    public string? Text(string name, Func<string, bool> isValid, string rule)
    {
        var value = query[name].ToString();
        return value.Length == 0 ? null : isValid(value) ? value : Fail<string?>(name, rule);
    }

    /// <returns>
    /// The requested severities: named ones, separated by commas, or all from a minimum on; null for all.
    /// </returns>
    public IReadOnlyList<string>? Severities()
    {
        var (named, least) = (query["severity"].ToString().ToLowerInvariant(), query["minSeverity"].ToString().ToLowerInvariant());
        var words = named.Length == 0 ? [] : named.Split(',');
        var ladder = string.Join(", ", Severity.Ladder);
        return !Array.TrueForAll(words, Severity.IsOnLadder) ? Fail<IReadOnlyList<string>>("severity",
            $"one or more of {ladder}, separated by commas")
            : least.Length == 0 ? (words.Length == 0 ? null : words)
            : !Severity.IsOnLadder(least) ? Fail<IReadOnlyList<string>>("minSeverity", $"one of {ladder}")
            : words.Length > 0 ? Fail<IReadOnlyList<string>>("minSeverity", "cannot be combined with severity")
            : [.. Severity.Ladder.Skip(Severity.Rank(least))];
    }

    public long Number(string name, long fallback, long min, long max)
    {
        var text = query[name].ToString();
        return text.Length == 0 ? fallback
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value
            : Fail<long>(name, $"a whole number from {min} to {max}");
    }

    public DateTimeOffset? Instant(string name)
    {
        var text = query[name].ToString();
        return text.Length == 0 ? null
            : SignedTime.TryParse(text, out var instant) ? instant
            : Fail<DateTimeOffset?>(name, SignedTime.Rule);
    }

    /// <summary>
    /// Sets where the page starts, from the cursor of the page before: a position, or, by time, the milliseconds of
    /// acceptance and a position.
    /// </summary>
    public IncidentQuery Cursor(IncidentQuery filter)
    {
        var parts = query["cursor"].ToString().Split('-');
        return parts is [""] or ["", "1"] ? filter // -1 means the beginning
            : parts.Length == (filter.IsByTime ? 2 : 1) && Array.TrueForAll(parts, part => long.TryParse(part, NumberStyles.None,
                CultureInfo.InvariantCulture, out _))
            ? filter with { After = Parse(parts[^1]), AfterMilliseconds = filter.IsByTime ? Parse(parts[0]) : -1 }
            : Fail<IncidentQuery>("cursor", "next of the previous page, with the same from, to and order") ?? filter;

        static long Parse(string part) => long.Parse(part, CultureInfo.InvariantCulture);
    }

    private T? Fail<T>(string name, string rule)
    {
        Fault ??= Problems.Of(StatusCodes.Status400BadRequest, "invalid-query", name, rule);
        return default;
    }
}
