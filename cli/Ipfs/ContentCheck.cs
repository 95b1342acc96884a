using System.Net;
using CapOrleans.Core.Archive;

namespace CapOrleans.Cli.Ipfs;

/// <summary>
/// Fetches content block by block from a trustless IPFS gateway (<c>application/vnd.ipld.raw</c>), and compares each
/// block with the CID that names it; the gateway is not trusted.
/// </summary>
/// <param name="gateway">URL with the path under which CIDs are served; ends with a slash.</param>
internal sealed class ContentCheck(HttpClient http, Uri gateway)
{
    /// <summary>
    /// Maximum blocks of one check; the check fails beyond that, because malicious content could go on for ever.
    /// </summary>
    private const int MaxBlocks = 100_000;

    /// <returns>Number of blocks, and of their bytes; links of a dag-cbor block are not followed.</returns>
    /// <exception cref="CliFaultException">The content differs or is missing, or there was no answer.</exception>
    public async Task<(int Blocks, long Bytes)> RunAsync(Cid root, Action<double> report, CancellationToken cancellationToken)
    {
        var (waiting, seen, bytes, done) = (new Queue<Cid>([root]), new HashSet<Cid> { root }, 0L, 0);
        for (; waiting.TryDequeue(out var cid); report((double)done / (done + waiting.Count)))
        {
            var block = await FetchAsync(cid, cancellationToken);
            if (!cid.Matches(block))
            {
                throw new CliFaultException(ExitCodes.Refused, $"not valid: {gateway} returned different content for {cid}.");
            }

            (bytes, done) = (bytes + block.Length, done + 1);
            foreach (var link in cid.Codec == Cid.DagPb ? ProtobufLinks.Of(cid, block) : [])
            {
                if (seen.Add(link))
                {
                    waiting.Enqueue(link);
                }
            }

            if (seen.Count > MaxBlocks)
            {
                throw new CliFaultException(ExitCodes.Misconfigured, $"{root} has more than {MaxBlocks} blocks.");
            }
        }

        return (done, bytes);
    }

    private async Task<byte[]> FetchAsync(Cid cid, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway, $"{cid}?format=raw"));
            request.Headers.Accept.Add(new("application/vnd.ipld.raw"));
            using var answer = await http.SendAsync(request, cancellationToken);
            return answer.StatusCode != HttpStatusCode.OK ? throw new CliFaultException(ExitCodes.Refused, $"not valid: {gateway} answered {(int)answer.StatusCode} for {cid}.")
                : answer.Content.Headers.ContentType?.MediaType != "application/vnd.ipld.raw" ? throw new CliFaultException(ExitCodes.Misconfigured, $"{gateway} is not a trustless gateway: it does not return single blocks. --legacy only asks whether there is content.")
                : await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is HttpRequestException || (fault is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new CliFaultException(ExitCodes.Unreachable, $"No answer from {gateway}: {fault.Message.TrimEnd('.')}.");
        }
    }
}
