using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Core.Signatures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace CapOrleans.Bench.Limits;

internal sealed record BareIncident(
    [property: JsonPropertyName("task_id")] string TaskId, [property: JsonPropertyName("cap_id")] string CapId, string Agent, string Timestamp,
    string Severity, string Description, [property: JsonPropertyName("f_e")] decimal Feedback, [property: JsonPropertyName("m_e")] decimal Misuse,
    string Signer, string Signature);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(BareIncident))]
internal sealed partial class BareJson : JsonSerializerContext;

/// <summary>
/// Measures the cost of the parts without the service: <c>/json</c> is HTTP and JSON alone, <c>/path</c> is the bare
/// path, which also checks the signature and has the rows on disk before it answers. No grain, no rule, no log.
/// </summary>
internal static class BareServer
{
    public static async Task RunAsync(int port, string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        var rows = await BareRows.MakeAsync(source);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        await using var app = builder.Build();
        app.MapPost("/json", async context => await Answer(await ReadAsync(context)).ExecuteAsync(context));
        app.MapPost("/path", async context =>
        {
            var incident = await ReadAsync(context);
            if (!IsSigned(incident))
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return;
            }

            await rows.AppendAsync(new BareRow(incident.CapId, incident.TaskId, new byte[BareRows.EntryBytes]));
            await Answer(incident).ExecuteAsync(context);
        });
        app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine("bare is ready"));
        await app.RunAsync();
    }

    public static bool IsSigned(BareIncident incident) =>
        RecoverableSignature.TryParse(incident.Signature, out var signature, out _)
        && EthereumAddress.TryParse(incident.Signer, out var claimed)
        && Secp256k1.Instance.TryRecover(IdentityV1.Hash(incident.TaskId, incident.CapId, incident.Agent, incident.Timestamp), signature, out var recovered)
        && recovered == claimed;

    private static JsonHttpResult<BareIncident> Answer(BareIncident incident) => TypedResults.Json(incident, BareJson.Default.BareIncident, statusCode: StatusCodes.Status201Created);

    private static async Task<BareIncident> ReadAsync(HttpContext context)
    {
        while (true)
        {
            var read = await context.Request.BodyReader.ReadAsync();
            if (read.IsCompleted)
            {
                var incident = JsonSerializer.Deserialize(read.Buffer.ToArray(), BareJson.Default.BareIncident)!;
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                return incident;
            }

            context.Request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
