using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Settings;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.HttpEdge.Bodies;
using Microsoft.AspNetCore.Mvc;

namespace CapOrleans.Api.Signing;

/// <summary>Endpoint that returns what a wallet needs to sign an incident with <c>full-v2</c>.</summary>
internal static class TypedDataEndpoint
{
    private const string Path = "/v1/signing/typed-data";

    public static void MapSigning(this IEndpointRouteBuilder app)
    {
        app.MapGet(Path, AnswerQuery).RequireAuthorization(OperatorAccess.Reader)
            .Produces<JsonObject>().ProducesProblem(400).WithSummary("EIP-712 typed data of an incident, for eth_signTypedData_v4")
            .WithDescription("Query: the incident's members by their names on the wire (task_id, cap_id, agent, timestamp, severity, " +
                "description, f_e, m_e, cap_potential, evidence). Without any, returns the types and the domain only. For incidents too " +
                "long for a URL, use POST.");
        app.MapPost(Path, AnswerBodyAsync).RequireAuthorization(OperatorAccess.Reader).Accepts<JsonObject>("application/json")
            .Produces<JsonObject>().ProducesProblem(400).WithSummary("EIP-712 typed data of the incident in the body");
    }

    private static IResult AnswerQuery([AsParameters] TypedDataQuery described, HttpRequest request, ApiOptions options)
    {
        if (request.Query.Count == 0)
        {
            return TypedResults.Text(TypedData.Of(null, options.ChainId).ToJsonString(), "application/json");
        }

        var incident = new JsonObject();
        foreach (var (name, values) in request.Query)
        {
            incident[name] = values.ToString();
        }

        return Answer(incident, options);
    }

    private static async Task<IResult> AnswerBodyAsync(HttpContext context, ApiOptions options)
    {
        var (body, refused) = await BoundedBody.ReadAsync(context, IncidentReader.MaxRequestBytes);
        if (body is null)
        {
            return refused!;
        }

        try
        {
            using var document = StrictJson.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Answer(JsonObject.Create(document.RootElement.Clone())!, options)
                : Problems.Of(StatusCodes.Status400BadRequest, "not-an-object", "", "The body is one JSON object.");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "not-json", "", "The body is an incident as a JSON object.");
        }
    }

    private static IResult Answer(JsonObject incident, ApiOptions options)
    {
        incident["scheme"] = FullV2.Scheme;
        var (report, refusal) = IncidentReader.Read(System.Text.Encoding.UTF8.GetBytes(incident.ToJsonString()));
        return report is null
            ? Problems.Of(StatusCodes.Status400BadRequest, refusal!)
            : TypedResults.Text(TypedData.Of(report, options.ChainId).ToJsonString(), "application/json");
    }
}

/// <summary>Query of <c>GET /v1/signing/typed-data</c>, for the OpenAPI description.</summary>
internal sealed record TypedDataQuery(
    [FromQuery(Name = "task_id")] string? TaskId, [FromQuery(Name = "cap_id")] string? CapId, [FromQuery(Name = "agent")] string? Agent,
    [FromQuery(Name = "timestamp")] string? Timestamp, [FromQuery(Name = "severity")] string? Severity,
    [FromQuery(Name = "description")] string? Description, [FromQuery(Name = "f_e")] string? Feedback, [FromQuery(Name = "m_e")] string? Misuse,
    [FromQuery(Name = "cap_potential")] string? CapPotential, [FromQuery(Name = "evidence")] string? Evidence);
