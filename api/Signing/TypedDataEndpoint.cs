using System.Text.Json.Nodes;
using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Settings;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Api.Signing;

/// <summary>What a wallet needs to sign an incident with <c>full-v2</c>.</summary>
internal static class TypedDataEndpoint
{
    public static void MapSigning(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/signing/typed-data", Answer).RequireAuthorization(OperatorAccess.Reader)
            .Produces<JsonObject>().ProducesProblem(400).WithSummary("EIP-712 typed data of an incident, for eth_signTypedData_v4")
            .WithDescription("Query: the incident's members by their names on the wire (task_id, cap_id, agent, timestamp, severity, description, f_e, m_e, cap_potential, evidence). Without any, the types and the domain alone.");

    private static IResult Answer(HttpRequest request, ApiOptions options)
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

        incident["scheme"] = FullV2.Scheme;
        var (report, refusal) = IncidentReader.Read(System.Text.Encoding.UTF8.GetBytes(incident.ToJsonString()));
        return report is null
            ? Problems.Of(StatusCodes.Status400BadRequest, refusal!)
            : TypedResults.Text(TypedData.Of(report, options.ChainId).ToJsonString(), "application/json");
    }
}
