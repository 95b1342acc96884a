using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using CapOrleans.Contracts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace CapOrleans.HttpEdge.Descriptions;

/// <summary>
/// Adds what the descriptions of all operations have in common, so that a generated client needs no patch.
/// </summary>
public static class OpenApiDescription
{
    private const string Bearer = "bearer";

    private const string ProblemSchema = "ProblemDetails";

    /// <summary>Endings of the names of request types.</summary>
    private static readonly string[] Requests = ["Request", "Body", "Definition", "Change", "Revocation", "Correction"];

    /// <param name="title">Title of the document.</param>
    /// <param name="about">Description of the document, for its readers.</param>
    /// <param name="token">What the bearer token is.</param>
    /// <param name="requiresToken">Whether a path needs the token even though no attribute requires it.</param>
    /// <param name="tag">Returns the tag of a path; null where operations name their own.</param>
    /// <param name="tags">Descriptions of the tags, by name.</param>
    public static void Describe(
        this OpenApiOptions options, string title, string about, string token, IReadOnlyDictionary<string, string> tags,
        Func<string, bool>? requiresToken = null, Func<string, string>? tag = null)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            (document.Info.Title, document.Info.Description, document.Info.Version) = (title, about, "v1");
            document.Info.License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" };
            document.Servers = [new OpenApiServer { Url = "/" }];
            document.Tags = tags.Select(pair => new OpenApiTag { Name = pair.Key, Description = pair.Value }).ToHashSet();
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Bearer,
                Description = token };
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type.Name == ProblemSchema)
            {
                AddProblemMembers(schema);
            }

            SetRequired(schema, context.JsonTypeInfo);
            AddRules(schema, context.JsonPropertyInfo?.AttributeProvider);

            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var path = context.Description.RelativePath ?? "";
            if (tag is not null)
            {
                operation.Tags = new HashSet<OpenApiTagReference> { new(tag(path), context.Document) };
            }

            operation.OperationId ??= Id(context.Description.HttpMethod ?? "", path);
            foreach (var (status, response) in operation.Responses ?? [])
            {
                if (status is "429" or "503" or "507" && response is OpenApiResponse retried)
                {
                    retried.Headers ??= new Dictionary<string, IOpenApiHeader>();
                    retried.Headers["Retry-After"] = new OpenApiHeader
                    {
                        Description = "Seconds to wait before retrying.",
                            Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" },
                    };
                }
            }

            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            var needsKey = metadata.OfType<IAuthorizeData>().Any() || requiresToken?.Invoke(path) == true;
            operation.Security = needsKey
                ? [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }]
                : [];
            if (needsKey)
            {
                AddRefusals(operation, context.Document!);
            }

            return Task.CompletedTask;
        });
    }

    /// <summary>Adds 401 and 403: no key, or one of another scope.</summary>
    private static void AddRefusals(OpenApiOperation operation, Microsoft.OpenApi.OpenApiDocument document)
    {
        operation.Responses ??= [];
        foreach (var (status, description) in (ReadOnlySpan<(string, string)>)[("401", "Unauthorized"), ("403", "Forbidden")])
        {
            operation.Responses.TryAdd(status, new OpenApiResponse
            {
                Description = description,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(ProblemSchema, document) },
                },
            });
        }
    }

    /// <summary>
    /// Marks all members of an answer as required, except those that are omitted when they have no value. In a request,
    /// a member with a default may be omitted; the default is removed from the schema and stays in the description
    /// only, since some generators require members that have one.
    /// </summary>
    private static void SetRequired(OpenApiSchema schema, JsonTypeInfo type)
    {
        foreach (var property in schema.Properties?.Values.OfType<OpenApiSchema>() ?? [])
        {
            property.Default = null;
        }

        if (type.Kind == JsonTypeInfoKind.Object && type.Type.Name != ProblemSchema && !Array.Exists(Requests, ending =>
            type.Type.Name.EndsWith(ending, StringComparison.Ordinal)))
        {
            schema.Required = type.Properties.Where(property => property.ShouldSerialize is null).Select(property =>
                property.Name).ToHashSet();
        }
    }

    /// <summary>
    /// Applies <see cref="AllowedValuesAttribute"/> to a member, or to each item of one. A required member is not
    /// nullable in the schema: its type is nullable only so that the answer can name a missing one.
    /// </summary>
    private static void AddRules(OpenApiSchema schema, ICustomAttributeProvider? member)
    {
        if (member?.IsDefined(typeof(RequiredAttribute), inherit: false) == true)
        {
            schema.Type &= ~JsonSchemaType.Null;
        }

        if (member?.GetCustomAttributes(typeof(AllowedValuesAttribute), inherit: false) is [AllowedValuesAttribute allowed])
        {
            var values = allowed.Values.Select(value => (JsonNode)JsonValue.Create((string)value!)!).ToList();
            if (schema.Items is OpenApiSchema items)
            {
                items.Enum = values;
            }
            else
            {
                schema.Enum = schema.Type?.HasFlag(JsonSchemaType.Null) == true ? [.. values, null!] : values;
            }
        }
    }

    private static void AddProblemMembers(OpenApiSchema schema)
    {
        schema.Description = "RFC 9457. type is " + ProblemTypes.Of("NAME") + "; docs/problems.md lists the names.";
        schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
        schema.Properties["field"] = new OpenApiSchema { Type = JsonSchemaType.String,
            Description = "The member, parameter or header at fault; empty for none." };
        schema.Properties["rule"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "The rule that it breaks." };
        schema.Properties["traceId"] = new OpenApiSchema { Type = JsonSchemaType.String,
            Description = "Trace id of the request, for the operator." };
    }

    /// <returns>For example <c>getV1CapsByCapId</c>.</returns>
    private static string Id(string method, string path)
    {
        var id = new StringBuilder(method.ToLower(CultureInfo.InvariantCulture));
        foreach (var part in path.Split(['/', '-', '_', '.'], StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(part => part[0] == '{' ? [part.Split(':')[0]] : part.Split(':')))
        {
            var name = part.Trim('{', '}');
            id.Append(part[0] == '{' ? "By" : "").Append(char.ToUpperInvariant(name[0])).Append(name.AsSpan(1));
        }

        return id.ToString();
    }
}
