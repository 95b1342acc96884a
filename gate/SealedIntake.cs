using System.Diagnostics.CodeAnalysis;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Sealing;
using CapOrleans.Gate.Settings;
using Microsoft.Net.Http.Headers;

namespace CapOrleans.Gate;

/// <summary>Opens sealed bodies, which only this gate can read, and publishes the key to seal them to.</summary>
internal static class SealedIntake
{
    public static void MapSealingKey(this WebApplication app, GateOptions options) =>
        app.MapGet("/v1/gate/sealing-key", () => TypedResults.Json(
            new SealingKeyAnswer(SealedBody.ContentType, Convert.ToBase64String(options.SealingKeys[0].PublicKey)),
                GateStatusJson.Default.SealingKeyAnswer))
            .Produces<SealingKeyAnswer>().WithTags("Incidents").WithSummary(
                "The public key that hosts seal incidents to, so that only this gate can read them");

    public static bool IsSealed(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals(SealedBody.ContentType, StringComparison.OrdinalIgnoreCase);

    public static bool TryOpen(GateOptions options, byte[] sealedBody, [NotNullWhen(true)] out byte[]? body)
    {
        body = null;
        foreach (var key in options.SealingKeys)
        {
            if (SealedBody.TryOpen(key, sealedBody, out body))
            {
                return true;
            }
        }

        return false;
    }
}
