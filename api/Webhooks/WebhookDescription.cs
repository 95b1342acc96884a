using CapOrleans.Core.Webhooks;
using Microsoft.OpenApi;

namespace CapOrleans.Api.Webhooks;

/// <summary>What a webhook receives, for the OpenAPI description.</summary>
internal static class WebhookDescription
{
    /// <summary>The request to an endpoint that is registered at /v1/webhooks.</summary>
    public static OpenApiPathItem Incident() => new()
    {
        Operations = new Dictionary<HttpMethod, OpenApiOperation>
        {
            [HttpMethod.Post] = new()
            {
                OperationId = "onIncident",
                Summary = "An incident at or above the CapID's paging floor was accepted",
                Description = "Signed as Standard Webhooks over webhook-id.webhook-timestamp.body: webhook-signature has v1, and base64 " +
                    "of HMAC-SHA256 with the endpoint's secret, and v1a, and base64 of Ed25519 with the key in /.well-known/jwks.json. " +
                    "Without a 2xx response within 15 seconds, the delivery is retried, ten times in 75 hours; 410 " +
                        "ends it. A CloudEvent 1.0, or for " +
                    "format legacy the record of the legacy clients.",
                Security = [],
                Parameters = [.. ((string[])["webhook-id", "webhook-timestamp", "webhook-signature"]).Select(name => new OpenApiParameter
                {
                    Name = name, In = ParameterLocation.Header, Required = true,
                        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                })],
                RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Content = new Dictionary<string, OpenApiMediaType>
                    {
                        [IncidentEvent.ContentType] = new() { Schema = Event() }, ["application/json"] = new() { Schema = Record() },
                    },
                },
                Responses = new OpenApiResponses
                {
                    ["2XX"] = new OpenApiResponse { Description = "Accepted." },
                    ["410"] = new OpenApiResponse { Description = "No further deliveries: the endpoint is disabled." },
                },
            },
        },
    };

    private static OpenApiSchema Event()
    {
        var names = "datacontenttype id sequence severitytext source specversion subject time type";
        var data = Texts("acceptedAt agent auditHash capId cid deltaCap description incidentId request scheme severity timestamp");
        data.Properties!["signer"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null };
        data.Properties["log"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Object, Required = new HashSet<string> { "index", "origin" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["index"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
                ["origin"] = new OpenApiSchema { Type = JsonSchemaType.String },
            },
        };
        data.Required!.UnionWith(["signer", "log"]);
        var schema = Texts(names);
        schema.Properties!["severitynumber"] = new OpenApiSchema { Type = JsonSchemaType.Integer };
        schema.Properties["data"] = data;
        schema.Required!.UnionWith(["severitynumber", "data"]);
        return schema;
    }

    private static OpenApiSchema Record() => Texts("incident_id cap_id agent severity description timestamp audit_hash");

    private static OpenApiSchema Texts(string names) => new()
    {
        Type = JsonSchemaType.Object, Required = names.Split(' ').ToHashSet(),
        Properties = names.Split(' ').ToDictionary(name => name, IOpenApiSchema (_) => new OpenApiSchema { Type = JsonSchemaType.String }),
    };
}
