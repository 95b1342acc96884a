using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.HttpEdge.Bodies;
using CapOrleans.HttpEdge.Limits;
using Microsoft.AspNetCore.Mvc;

namespace CapOrleans.Api.Intake;

/// <summary>One line of the response: the verdict on the request's line of the same number.</summary>
/// <param name="Line">Number of the line, from 1.</param>
/// <param name="Status">Status that <c>POST /v1/incidents</c> would have returned for this line alone.</param>
internal sealed record LineVerdict(
    int Line,
    int Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AcceptedAnswer? Incident,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ProblemDetails? Problem);

/// <summary>
/// Many incidents in one request: newline-delimited JSON in, one verdict per line out, in the order sent. Each line is
/// as durable and as exactly-once as a request of its own; a refused line does not affect the others.
/// </summary>
internal static class BatchEndpoint
{
    private static readonly byte[] NewLine = "\n"u8.ToArray();

    public static async Task AnswerAsync(HttpContext context, Intake intake, AddressRateLimit limit, BatchSlots slots)
    {
        using var slot = slots.Take(context);
        if (slot is null)
        {
            await BatchSlots.Refuse(context).ExecuteAsync(context);
            return;
        }

        var (body, refused) = await BoundedBody.ReadAsync(context, BatchLines.MaxBytes);
        if (body is null)
        {
            await refused!.ExecuteAsync(context);
            return;
        }

        var lines = BatchLines.Split(body);
        var most = Math.Min(BatchLines.MaxLines, limit.PerSecond);
        if (lines.Count == 0 || lines.Count > most)
        {
            await Problems.Of(StatusCodes.Status400BadRequest, "line-count", "", $"1 to {most} incidents, one per line.").ExecuteAsync(context);
            return;
        }

        if (LegacyLines(context.Request, lines.Count) is not { } legacy)
        {
            await Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", BatchLines.AnySeverityHeader,
                $"line numbers from 1 to {lines.Count}, separated by commas")
                .ExecuteAsync(context);
            return;
        }

        if (limit.ChargeBody(context, lines.Count, body.Length) is { } tooMany)
        {
            await tooMany.ExecuteAsync(context);
            return;
        }

        if (!slot.IsHeld)
        {
            await BatchSlots.Refuse(context).ExecuteAsync(context);
            return;
        }

        try
        {
            await AnswerAsync(context, await intake.RuleAsync(lines, legacy, Caller.Of(context), context.RequestAborted));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The slot was given up or the client has gone; what already had its turn is decided all the same.
        }
    }

    /// <returns>Null when the header is invalid.</returns>
    private static HashSet<int>? LegacyLines(HttpRequest request, int lines)
    {
        var numbers = new HashSet<int>();
        foreach (var text in request.Headers.GetCommaSeparatedValues(BatchLines.AnySeverityHeader))
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1 || number > lines)
            {
                return null;
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private static async Task AnswerAsync(HttpContext context, Outcome[] outcomes)
    {
        Outcome.SetRetryAfter(context, outcomes);
        context.Response.ContentType = BatchLines.ContentType;
        for (var i = 0; i < outcomes.Length; i++)
        {
            Write(context, i + 1, outcomes[i]);
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static void Write(HttpContext context, int line, Outcome outcome)
    {
        var verdict = new LineVerdict(
            line, outcome.Status,
            outcome.Receipt is null ? null : AcceptedAnswer.Of(outcome.Receipt, outcome.Warning),
            outcome.Refusal is null ? null : Problems.Of(outcome.Status, outcome.Refusal).ProblemDetails);
        using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        JsonSerializer.Serialize(json, verdict, IntakeJson.Default.LineVerdict);
        json.Flush();
        context.Response.BodyWriter.Write(NewLine);
    }
}
