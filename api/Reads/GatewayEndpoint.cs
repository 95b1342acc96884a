using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Core.Archive;
using CapOrleans.GrainInterfaces;
using Microsoft.Net.Http.Headers;

namespace CapOrleans.Api.Reads;

/// <summary>
/// <c>GET</c> and <c>HEAD /ipfs/{cid}</c>: a trustless gateway over the archive, as specified in
/// <see href="https://specs.ipfs.tech/http-gateways/trustless-gateway/"/>, without paths below a CID and without IPNS.
/// </summary>
internal static class GatewayEndpoint
{
    /// <summary>
    /// The empty identity block: it is stored nowhere, and clients request it to find out whether a gateway is there.
    /// </summary>
    private const string ProbeCid = "bafkqaaa";

    /// <summary>A CAR header with the probe's CID as its root. Identity blocks are never sent.</summary>
    private static readonly byte[] ProbeCar =
        [0x19, 0xA2, 0x65, .. "roots"u8, 0x81, 0xD8, 0x2A, 0x45, 0x00, 0x01, 0x55, 0x00, 0x00, 0x67, .. "version"u8, 0x01];

    public static void MapGateway(this IEndpointRouteBuilder app)
    {
        var slots = app.ServiceProvider.GetRequiredService<ReadSlots>();
        app.MapMethods("/ipfs/{cid}", [HttpMethods.Get, HttpMethods.Head], AnswerAsync).RequireAuthorization(OperatorAccess.Reader)
            .AddEndpointFilter((context, next) => GatewayRequest.MayBeCar(context.HttpContext.Request) ? slots.InvokeAsync(context, next) : next(context))
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(406).ProducesProblem(503).WithSummary("An archived block by its CID, or a manifest with its records")
            .WithDescription("A trustless gateway: format=raw or Accept: application/vnd.ipld.raw for the block, format=car or Accept: application/vnd.ipld.car "
                + "(version=1; order=dfs; dups=n or y) for the block and what it links to; dag-scope=block, entity or " +
                    "all. Otherwise the block as application/json "
                + "or application/vnd.ipld.dag-cbor.");
    }

    private static async Task<IResult> AnswerAsync(string cid, HttpContext context, IGrainFactory grains, ILogger<CarResult> logger)
    {
        var isProbe = cid == ProbeCid;
        if (!Cid.TryParse(cid, out var root) && !isProbe)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-cid", "cid", "a CIDv1 in base32 over sha2-256, codec raw or dag-cbor");
        }

        var plainType = root is null ? GatewayRequest.RawType : root.Codec == Cid.Raw ? "application/json" : "application/vnd.ipld.dag-cbor";
        var (wanted, refused) = GatewayRequest.Read(context.Request, plainType);
        if (wanted is null)
        {
            return refused!;
        }

        Task<byte[]?> FindAsync(Cid link) => grains.GetGrain<IBlocksGrain>(0).FindAsync(link.Text);
        if ((root is null ? [] : await FindAsync(root)) is not { } block)
        {
            return Problems.Of(StatusCodes.Status404NotFound, "block-unknown", "cid", "This node's store does not have the block.");
        }

        var tag = new EntityTagHeaderValue($"\"{wanted.EntityTag(root?.Text ?? ProbeCid)}\"");
        Describe(context, root?.Text ?? ProbeCid, wanted, tag);
        return context.Request.GetTypedHeaders().IfNoneMatch.Any(held => held.Tag == "*" || held.Compare(tag, useStrongComparison: false))
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : wanted.Form != GatewayForm.Car || root is null
            ? TypedResults.Bytes(wanted.Form == GatewayForm.Car ? ProbeCar : block, wanted.ContentType(plainType))
            : new CarResult(new Block(root, block), wanted, FindAsync, logger);
    }

    private static void Describe(HttpContext context, string cid, GatewayRequest wanted, EntityTagHeaderValue tag)
    {
        var headers = context.Response.Headers;
        headers.ETag = tag.ToString();
        // A response that needed a key must not be stored in a shared cache.
        headers.CacheControl = $"{(context.Request.Headers.Authorization.Count > 0 ? "private" : "public")}, max-age=29030400, immutable";
        headers.Vary = HeaderNames.Accept;
        headers.XContentTypeOptions = "nosniff";
        headers["X-Ipfs-Path"] = $"/ipfs/{cid}";
        headers["X-Ipfs-Roots"] = cid;
        if (wanted.Form == GatewayForm.Plain)
        {
            return;
        }

        headers.ContentDisposition = $"attachment; filename=\"{cid}.{(wanted.Form == GatewayForm.Car ? "car" : "bin")}\"";
        if (!context.Request.Query.ContainsKey("format"))
        {
            headers.ContentLocation = $"/ipfs/{cid}{wanted.Query}";
        }
    }
}
