using System.Globalization;
using System.Text.Json.Nodes;
using CapOrleans.Api.Reads;
using CapOrleans.Api.Webhooks;
using CapOrleans.Core.Incidents;
using CapOrleans.HttpEdge.Descriptions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace CapOrleans.Api;

/// <summary>The OpenAPI description, except for what the endpoints declare themselves.</summary>
internal static class ApiDescription
{
    private static readonly Dictionary<string, string> Tags = new()
    {
        ["Incidents"] = "Incidents that hosts report, and their state.",
        ["CapIDs"] = "CapIDs with their keys, policy and score.",
        ["Log and archive"] = "Log entries, archived records and delegation audits.",
        ["Webhooks"] = "Webhooks that are notified of incidents, and ladders that page until someone answers.",
        ["Gates"] = "Gates: front ends that accept incidents near the hosts.",
        ["API keys"] = "Who may read, operate and administer.",
        ["Operations"] = "Health, limits and metrics.",
        ["Legacy calls"] = "Requests and responses of legacy clients.",
    };

    public static void Describe(OpenApiOptions description)
    {
        description.ShouldInclude = call => call.RelativePath?.StartsWith("orleans", StringComparison.Ordinal) == false;
        description.Describe(
            "CapOrleans", "Signed incidents in, one verifiable log.", "An API key with the scope that the call needs; " +
                "to create one: cap operator create.",
            Tags, tag: TagOf);
        description.AddOperationTransformer((operation, context, _) =>
        {
            foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>().Where(one => one.In == ParameterLocation.Query)
                ?? [])
            {
                parameter.Schema = SchemaOf(parameter.Name!, context.Description.RelativePath!) ?? parameter.Schema;
            }

            if (context.Description.RelativePath is "v1/incidents" && operation.RequestBody?.Content?["application/json"] is { } incident)
            {
                incident.Example = JsonNode.Parse(Example);
            }

            return Task.CompletedTask;
        });
        description.AddDocumentTransformer((document, _, _) =>
        {
            document.Webhooks = new Dictionary<string, IOpenApiPathItem> { ["incident"] = WebhookDescription.Incident() };
            return Task.CompletedTask;
        });
    }

    /// <summary>Signed with the private key whose 32 bytes are all 01.</summary>
    private const string Example =
        """
        {
          "task_id": "NGINXFAIL-3fa9c1", "cap_id": "WEB-01", "agent": "capos.local", "timestamp": "2026-11-30T12:00:00Z",
          "severity": "high", "description": "nginx failed to restart", "f_e": 0.5, "m_e": 0.1,
          "signer": "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1",
          "signature": "0xc85a03995da4956aa6e28b844a9d79d006885a5f98a5e4d4884f56fc49fe400a436cbada9aabe183e773bfa00f6f2c51f3502f955550fb299914d8995d0edb7a1b"
        }
        """;

    /// <summary>
    /// Query parameters are bound as text and parsed later, by rules of their own; their types are declared here.
    /// </summary>
    private static OpenApiSchema? SchemaOf(string parameter, string path) => (parameter, path) switch
    {
        ("limit", "v1/webhooks/{id}/deliveries") => Integer(1, DeliveryEndpoints.MaxLimit),
        ("limit", _) => Integer(1, ReadEndpoints.MaxLimit),
        ("after", "v1/caps" or "v1/incidents/stream" or "v1/audit/stream") => null,
        ("after", _) => Integer(-1, null),
        ("log", _) => Integer(0, null),
        ("from" or "to", _) => new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" },
        ("state", _) => OneOf("waiting", "delivered", "exhausted"),
        ("order", _) => OneOf("oldest", "newest"),
        ("minSeverity" or "maxSeverity", _) => OneOf([.. Severity.Ladder]),
        _ => null,
    };

    private static OpenApiSchema Integer(int min, int? max) => new()
    {
        Type = JsonSchemaType.Integer, Format = "int64", Minimum = min.ToString(CultureInfo.InvariantCulture),
        Maximum = max?.ToString(CultureInfo.InvariantCulture),
    };

    private static OpenApiSchema OneOf(params string[] values) => new()
    {
        Type = JsonSchemaType.String, Enum = [.. values.Select(value => (JsonNode)JsonValue.Create(value)!)],
    };

    private static string TagOf(string path) => path.Split('/', ':') switch
    {
        ["v1", "incidents", ..] or ["v1", "signing", ..] => "Incidents",
        ["v1", "caps", ..] => "CapIDs",
        ["v1", "audit" or "logs" or "archive" or "delegations", ..] or ["ipfs", ..] => "Log and archive",
        ["v1", "webhooks" or "ladders" or "rotations" or "silences", ..] or [_, ".well-known", ..] or [".well-known", ..] => "Webhooks",
        ["v1", "gates", ..] => "Gates",
        ["v1", "operators", ..] => "API keys",
        ["v1" or "health", ..] => "Operations",
        _ => "Legacy calls",
    };
}
