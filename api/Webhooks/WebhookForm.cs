using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Webhooks;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Api.Webhooks;

/// <summary>What a webhook is sent, as an operator says it.</summary>
internal static class WebhookForm
{
    public const string CloudEvents = "cloudevents", Legacy = "legacy";

    /// <returns>What it says, or why it is refused.</returns>
    public static (WebhookOptions? Options, IResult? Refused) Read(WebhookRequest request) => Read(
        new WebhookOptions(IsLegacy: false), new WebhookChangeRequest(request.Format, request.Caps, request.MinSeverity, request.Ordered));

    /// <param name="before">Of what is left out.</param>
    /// <inheritdoc cref="Read(WebhookRequest)"/>
    public static (WebhookOptions? Options, IResult? Refused) Read(WebhookOptions before, WebhookChangeRequest change)
    {
        if (change.Format is not (null or CloudEvents or Legacy))
        {
            return (null, Refuse("format", $"{CloudEvents} or {Legacy}"));
        }

        if (change.Caps is { } pattern && !IsPattern(pattern))
        {
            return (null, Refuse("caps", $"a CapID in which * may stand for any characters, at most {WebhookFilter.MaxPatternLength}"));
        }

        if (change.MinSeverity is { Length: > 0 } severity && !Severity.IsOnLadder(severity))
        {
            return (null, Refuse("minSeverity", $"one of {string.Join(", ", Severity.Ladder)}"));
        }

        return (new WebhookOptions(
            change.Format is null ? before.IsLegacy : change.Format == Legacy,
            change.Caps is null ? before.Caps : NullIfEmpty(change.Caps),
            change.MinSeverity is null ? before.MinSeverity : NullIfEmpty(change.MinSeverity),
            change.Ordered ?? before.IsOrdered), null);
    }

    private static bool IsPattern(string text) => text.Length <= WebhookFilter.MaxPatternLength
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '-' or '*');

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static ProblemHttpResult Refuse(string field, string rule) => Problems.Of(StatusCodes.Status400BadRequest, "invalid-field",
        field, rule);
}
