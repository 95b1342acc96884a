using CapOrleans.Core.Archive;

namespace CapOrleans.Api.Reads;

/// <summary>
/// A CAR that is made while it is sent: the root, then what it links to, depth first. One block is in memory at a time, and the next one is
/// read when the reader has taken it.
/// </summary>
/// <remarks>
/// The status is sent before the links are followed. When one of them is not here, the connection is broken: whoever reads an answer without
/// its end knows that something is missing.
/// </remarks>
/// <param name="root">Checked against its CID.</param>
/// <param name="find">A block, checked against its CID; null when it is not here.</param>
internal sealed partial class CarResult(Block root, GatewayRequest wanted, Func<Cid, Task<byte[]?>> find, ILogger<CarResult> logger) : IResult
{
    /// <summary>Blocks in one answer. A manifest is one batch of the archive, of 500 records at most; what has more was not made here.</summary>
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
                Break(httpContext, cid, sent > MaxBlocks ? "one answer has no more blocks" : "it is not in this node's store");
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

    [LoggerMessage(320, LogLevel.Warning, "The CAR of {Root} was broken off at {Cid}: {Why}.")]
    private partial void LogBroken(Cid root, Cid cid, string why);
}
