using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CapOrleans.Api.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Authentication;

namespace CapOrleans.Api.Operations;

/// <param name="Change">Exactly one of <c>addKey</c>, <c>revokeKey</c>, <c>policy</c>.</param>
/// <param name="AfterVersion">The context's version that the change is meant for.</param>
/// <param name="Timestamp">When it was signed.</param>
/// <param name="Signature">An admin key's; without one, an operator asks.</param>
internal sealed record ChangeBody(ContextChange? Change, long? AfterVersion, string? Timestamp, string? Signature);

/// <summary>A change of a CapID's context, on the word of one of its admin keys or of an operator.</summary>
internal static class ChangeEndpoint
{
    public static void MapChanges(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/caps/{capId}/changes", AnswerAsync)
            .Accepts<ChangeBody>("application/json").Produces<CapView>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409)
            .WithSummary("Add a key, revoke a key, or change the policy of a CapID")
            .WithDescription("Signed by an admin key of the CapID (personal_sign over 'CapOrleans change|capId|afterVersion|timestamp|SHA-256 of the change in RFC 8785'), or by an operator's token.");

    private static async Task<IResult> AnswerAsync(string capId, HttpContext context, IGrainFactory grains)
    {
        if (!Identifiers.IsId(capId))
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "capId", Identifiers.Rule);
        }

        var (body, refused) = await BoundedBody.ReadAsync(context, IncidentReader.MaxRequestBytes);
        if (body is null)
        {
            return refused!;
        }

        var (request, fault) = Read(body);
        if (request is null)
        {
            return fault!;
        }

        if (request.Signature is null && context.User.Identity is not { IsAuthenticated: true })
        {
            await context.ChallengeAsync(OperatorAccess.Scheme);
            return TypedResults.Empty;
        }

        var ruling = await grains.Cap(capId).ChangeAsync(request);
        return ruling.Verdict switch
        {
            CapVerdict.Changed or CapVerdict.Unchanged => TypedResults.Json(ruling.Cap, ApiJson.Default.CapView),
            CapVerdict.Malformed => Problems.Of(StatusCodes.Status400BadRequest, ruling.Refusal!),
            CapVerdict.Unauthorised => Problems.Of(StatusCodes.Status403Forbidden, ruling.Refusal!),
            CapVerdict.CapUnknown => Problems.Of(StatusCodes.Status404NotFound, ruling.Refusal!),
            CapVerdict.Conflicts => Problems.Of(StatusCodes.Status409Conflict, ruling.Refusal!),
            _ => throw new InvalidOperationException($"{ruling.Verdict} is no answer."),
        };
    }

    private static (ChangeRequest? Request, IResult? Fault) Read(byte[] body)
    {
        try
        {
            using var document = StrictJson.Parse(body);
            return document.Deserialize(ApiJson.Default.ChangeBody) is { Change: { } change } read
                ? (new ChangeRequest(
                    change, read.AfterVersion, read.Timestamp, read.Signature,
                    Convert.ToHexStringLower(SHA256.HashData(Rfc8785.Canonicalize(document.RootElement.GetProperty("change")))),
                    Encoding.UTF8.GetString(body)), null)
                : (null, Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "change", "an object with exactly one of addKey, revokeKey and policy"));
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            var path = (fault as JsonException)?.Path?.TrimStart('$', '.') ?? "";
            return (null, Problems.Of(StatusCodes.Status400BadRequest, path.Length == 0 ? "not-json" : "invalid-field", path, "The body is a change of a CapID; see /openapi/v1.json."));
        }
    }
}
