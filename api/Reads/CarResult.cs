using CapOrleans.Core.Archive;

namespace CapOrleans.Api.Reads;

/// <summary>
/// A CAR that is produced while it is sent: the root, then what it links to, depth first. One block is in memory at a
/// time, and the next one is read once the client has taken it.
/// </summary>
/// <remarks>
/// The status is sent before the links are followed. When a linked block is missing, the connection is aborted: a
/// client that receives a truncated response knows that something is missing.
/// </remarks>
/// <param name="root">The root block, verified against its CID.</param>
/// <param name="find">Returns a block, verified against its CID; null when it is not stored here.</param>
internal sealed partial class CarResult(Block root, GatewayRequest wanted, Func<Cid, Task<byte[]?>> find, ILogger<CarResult> logger) : IResult
{
    /// <summary>
    /// Maximum blocks in one response. A manifest is one batch of the archive, of 500 records at most; anything larger
    /// was not made here.
    /// </summary>
    public const int MaxBlocks = 10_000;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = wanted.ContentType("");
        if (HttpMethods.IsHead(httpContext.Request.Method))
        {
            return;
        }

        var (output, gone) = (httpContext.Response.BodyWriter, httpContext.RequestAborted);
        CarWriter.WriteHeader(output, [root.Cid]);
        var (block, sent, seen, next) = (root, 1, new HashSet<Cid> { root.Cid }, new Stack<Cid>());
        while (true)
        {
            CarWriter.WriteBlock(output, block);
            if ((await output.FlushAsync(gone)).IsCompleted || gone.IsCancellationRequested)
            {
                return;
            }

            if (!TryPushLinks(block, next))
            {
                Break(httpContext, block.Cid, "its links cannot be read");
                return;
            }

            Cid? cid;
            while (next.TryPop(out cid) && !wanted.WithDuplicates && !seen.Add(cid))
            {
            }

            if (cid is null)
            {
                return;
            }

            if (++sent > MaxBlocks || await find(cid) is not { } bytes)
            {
                Break(httpContext, cid, sent > MaxBlocks ? "the response has reached its maximum number of " +
                    "blocks" : "it is not in this node's store");
                return;
            }

            block = new Block(cid, bytes);
        }
    }

    private bool TryPushLinks(Block block, Stack<Cid> next)
    {
        if (!wanted.WithLinks || block.Cid.Codec != Cid.DagCbor)
        {
            return true;
        }

        if (!DagCbor.TryReadLinks(block.Bytes, out var links))
        {
            return false;
        }

        foreach (var link in links.Reverse())
        {
            next.Push(link);
        }

        return true;
    }

    private void Break(HttpContext context, Cid cid, string why)
    {
        LogBroken(root.Cid, cid, why);
        context.Abort();
    }

    [LoggerMessage(320, LogLevel.Warning, "The CAR of {Root} was aborted at {Cid}: {Why}.")]
    private partial void LogBroken(Cid root, Cid cid, string why);
}
