using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Incidents;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Api.Webhooks;

/// <summary>Parses what an operator wants a webhook to receive.</summary>
internal static class WebhookOptionsParser
{
    private const string CloudEvents = "cloudevents", Legacy = "legacy", Text = "text";

    private static readonly List<string> Formats = [CloudEvents, Legacy, Text, "slack", "matrix"];

    private static readonly List<string> Kinds = ["accepted", "updated", "paged"]; // in the order of WebhookKinds

    /// <returns>The options, or the refusal.</returns>
    public static (WebhookOptions? Options, IResult? Refused) Read(WebhookRequest request)
    {
        var format = request.Format ?? (WebhookUrl.IsMail(request.Url) ? Text : CloudEvents);
        return Read(new WebhookOptions(IsLegacy: false), request.Url, new WebhookChangeRequest(
            format, request.Caps, request.MinSeverity, request.Ordered, request.Kinds));
    }

    /// <param name="before">Values of the members that are omitted.</param>
    /// <inheritdoc cref="Read(WebhookRequest)"/>
    public static (WebhookOptions? Options, IResult? Refused) Read(WebhookOptions before, string? url, WebhookChangeRequest change)
    {
        if (change.Format is { } format && !Formats.Contains(format))
        {
            return (null, Refuse("format", $"one of {string.Join(", ", Formats)}"));
        }

        if (change.Format is not (null or Text) && WebhookUrl.IsMail(url))
        {
            return (null, Refuse("format", $"{Text}, for a mailto: URL"));
        }

        if (change.Caps is { Length: > 0 } pattern && !CapIdPattern.IsOne(pattern))
        {
            return (null, Refuse("caps", CapIdPattern.Rule));
        }

        if (change.MinSeverity is { Length: > 0 } severity && !Severity.IsOnLadder(severity))
        {
            return (null, Refuse("minSeverity", $"one of {string.Join(", ", Severity.Ladder)}"));
        }

        if (change.Kinds is { } kinds && !kinds.All(kind => Kinds.Contains(kind)))
        {
            return (null, Refuse("kinds", $"some of {string.Join(", ", Kinds)}"));
        }

        return (new WebhookOptions(
            change.Format is null ? before.IsLegacy : change.Format == Legacy,
            change.Caps is null ? before.Caps : NullIfEmpty(change.Caps),
            change.MinSeverity is null ? before.MinSeverity : NullIfEmpty(change.MinSeverity),
            change.Ordered ?? before.IsOrdered,
            change.Kinds?.Aggregate(WebhookKinds.All, (all, kind) => all | (WebhookKinds)(1 << Kinds.IndexOf(kind))) ?? before.Kinds,
            change.Format is null ? before.Message : (MessageFormat)Math.Max(0, Formats.IndexOf(change.Format) - 1)), null);
    }

    public static string FormatOf(WebhookOptions options) => options.IsLegacy ? Legacy
        : options.Message == MessageFormat.None ? CloudEvents : Formats[(int)options.Message + 1];

    /// <returns>Null for all kinds.</returns>
    public static IReadOnlyList<string>? NamesOf(WebhookKinds kinds) =>
        kinds == WebhookKinds.All ? null : [.. Kinds.Where((_, at) => kinds.HasFlag((WebhookKinds)(1 << at)))];

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static ProblemHttpResult Refuse(string field, string rule) => Problems.Of(StatusCodes.Status400BadRequest, "invalid-field",
        field, rule);
}
