using System.Net.Mime;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace CapOrleans.HttpEdge.Descriptions;

/// <summary>
/// The OpenAPI description of a port. It is generated once, on the first request, since that costs more than any other
/// call.
/// </summary>
public sealed class OpenApiDocument
{
    private const string Name = "v1";

    private readonly Lazy<Task<byte[]>> bytes;

    private OpenApiDocument(IServiceProvider services) => bytes = new(() => WriteAsync(services));

    /// <param name="describe">Adds what all operations have in common.</param>
    public static void Add(IServiceCollection services, Action<OpenApiOptions> describe)
    {
        services.AddSingleton(provider => new OpenApiDocument(provider));
        services.AddOpenApi(Name, describe);
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
