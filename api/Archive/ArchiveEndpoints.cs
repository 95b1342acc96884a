using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Archive;

/// <summary>Endpoint that checks where archived content is available.</summary>
internal static class ArchiveEndpoints
{
    public static void MapArchive(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/archive/check", CheckAsync).RequireAuthorization(OperatorAccess.Operator)
            .Accepts<CheckRequest>("application/json").Produces<CheckAnswer>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(503)
            .WithSummary("Look for CIDs in the embedded store, at the IPFS node and at each configured gateway")
            .WithDescription("A location that was not reached within 15 seconds, is unavailable or asks to wait is " +
                "reported as unknown. Nothing is restored.");

    private static async Task<IResult> CheckAsync(HttpContext context, IGrainFactory grains)
    {
        var (request, _, refused) = await JsonBody.ReadAsync(context, ArchiveJson.Default.CheckRequest, "a list of CIDs");
        if (request is null)
        {
            return refused!;
        }

        if (request.Cids is not { Count: > 0 and <= ClusterLimits.MaxCheckedLinks } || !request.Cids.All(cid => Cid.TryParseForeign(cid, out _)))
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "cids",
                $"1 to {ClusterLimits.MaxCheckedLinks} CIDs with sha2-256: version 1 in base32 with codec raw, dag-pb or " +
                    "dag-cbor, or version 0");
        }

        var reports = await grains.GetGrain<ILinkCheckGrain>(0).CheckAsync([.. request.Cids.Select(cid => cid!)]);
        return TypedResults.Json(
            new CheckAnswer([.. reports.Select(report => new LinkView(report.Cid, [.. report.Locations.Select(LocationView.Of)]))]), ArchiveJson.Default.CheckAnswer);
    }
}
