using System.Globalization;
using System.Text;
using CapOrleans.Contracts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace CapOrleans.HttpEdge.Descriptions;

/// <summary>What a description says of every call alike, so that a generated client needs no patch.</summary>
public static class OpenApiDescription
{
    private const string Bearer = "bearer";

    private const string ProblemSchema = "ProblemDetails";

    /// <param name="title">Of the document.</param>
    /// <param name="about">For whoever opens it.</param>
    /// <param name="token">What the bearer token is.</param>
    /// <param name="isClosed">Paths that need the token though no attribute says so.</param>
    /// <param name="tag">Of a path; null where calls name their own.</param>
    public static void Describe(
        this OpenApiOptions options, string title, string about, string token, Func<string, bool>? isClosed = null, Func<string,
            string>? tag = null)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            (document.Info.Title, document.Info.Description, document.Info.Version) = (title, about, "v1");
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
                        Description = "Seconds until the same may be sent again.",
                            Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" },
                    };
                }
            }

            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            if (metadata.OfType<IAuthorizeData>().Any() || isClosed?.Invoke(path) == true)
            {
                operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer,
                    context.Document)] = [] }];
            }

            return Task.CompletedTask;
        });
    }

    private static void AddProblemMembers(OpenApiSchema schema)
    {
        schema.Description = "RFC 9457. type is " + ProblemTypes.Of("NAME") + "; docs/problems.md lists the names.";
        schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
        schema.Properties["field"] = new OpenApiSchema { Type = JsonSchemaType.String,
            Description = "The member, parameter or header at fault; empty for none." };
        schema.Properties["rule"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "The rule that it breaks." };
        schema.Properties["traceId"] = new OpenApiSchema { Type = JsonSchemaType.String,
            Description = "Of the request, for the operator." };
    }

    /// <returns>For example <c>getV1CapsByCapId</c>.</returns>
    private static string Id(string method, string path)
    {
        var id = new StringBuilder(method.ToLower(CultureInfo.InvariantCulture));
        foreach (var part in path.Split(['/', ':', '-', '_', '.'], StringSplitOptions.RemoveEmptyEntries))
        {
            var name = part.Trim('{', '}');
            id.Append(part[0] == '{' ? "By" : "").Append(char.ToUpperInvariant(name[0])).Append(name.AsSpan(1));
        }

        return id.ToString();
    }
}
