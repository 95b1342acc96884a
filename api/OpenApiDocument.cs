using System.Net.Mime;
using System.Text;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace CapOrleans.Api;

/// <summary>The description of the API. It is made once, when it is first asked for: to make it costs more than any other call.</summary>
internal sealed class OpenApiDocument(IServiceProvider services)
{
    private const string Name = "v1";

    private readonly Lazy<Task<byte[]>> bytes = new(() => WriteAsync(services));

    public static void Add(IServiceCollection services)
    {
        services.AddSingleton(provider => new OpenApiDocument(provider));
        services.AddOpenApi(Name, description =>
        {
            description.ShouldInclude = call => call.RelativePath?.StartsWith("orleans", StringComparison.Ordinal) == false;
            description.AddDocumentTransformer((document, _, _) =>
            {
                document.Info.Title = "CapOrleans";
                document.Info.Description = "Signed incidents in, one verifiable log. Operator calls need an API key: Authorization: Bearer.";
                return Task.CompletedTask;
            });
        });
    }

    public static void Map(IEndpointRouteBuilder app) => app.MapGet($"/openapi/{Name}.json", async (OpenApiDocument document) =>
        TypedResults.Bytes(await document.bytes.Value, MediaTypeNames.Application.Json)).ExcludeFromDescription();

    private static async Task<byte[]> WriteAsync(IServiceProvider services)
    {
        await using var scope = services.CreateAsyncScope();
        var provider = scope.ServiceProvider.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name);
        var document = await provider.GetOpenApiDocumentAsync(CancellationToken.None);
        return Encoding.UTF8.GetBytes(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1));
    }
}
