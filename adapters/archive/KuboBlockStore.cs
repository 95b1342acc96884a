using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using CapOrleans.Core.Archive;

namespace CapOrleans.Archive;

/// <summary>
/// The IPFS node did not store a block, or stored another one. The message tells an operator what to do; a retry may
/// help.
/// </summary>
public sealed class IpfsUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The embedded store plus an IPFS node, which also receives and pins every block over the Kubo RPC (<c>block/put</c>).
/// Reads come from the embedded store.
/// </summary>
public sealed class KuboBlockStore(IBlockStore embedded, KuboRpc rpc, TimeProvider time) : IBlockStore
{
    /// <summary>Blocks sent to the node concurrently.</summary>
    private const int MaxConcurrency = 16;

    /// <summary>
    /// Time limit of one put, after which the operator sees the fault and the caller retries. 1 minute.
    /// </summary>
    private static readonly TimeSpan PutTimeout = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The two spellings of the codec parameter. Kubo since 0.13 takes <c>cid-codec</c> and refuses a request that has
    /// <c>format</c> as well; older nodes and js-ipfs know only <c>format</c> and ignore unknown parameters.
    /// </summary>
    private static readonly string[] CodecParameters = ["cid-codec={0}", "format={0}&version=1"];

    /// <summary>
    /// Blocks that the node stored in calls that failed; a retry skips them. Otherwise a node that loses a response now
    /// and then could keep a large batch from ever completing.
    /// </summary>
    private readonly ConcurrentDictionary<Cid, bool> stored = new();

    private int codecParameterIndex;

    /// <exception cref="IpfsUnavailableException">
    /// Also when the node is too slow; a retry does not send the blocks that it stored by then.
    /// </exception>
    public async Task PutAsync(IReadOnlyList<Block> blocks, CancellationToken cancellationToken)
    {
        await embedded.PutAsync(blocks, cancellationToken);
        using var timeout = new CancellationTokenSource(PutTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        IpfsUnavailableException? first = null;
        try
        {
            await Parallel.ForEachAsync(
                blocks.Where(block => !stored.ContainsKey(block.Cid)),
                new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrency, CancellationToken = linked.Token },
                async (block, token) =>
                {
                    try
                    {
                        if (Volatile.Read(ref first) is null)
                        {
                            await PublishAsync(block, token);
                            stored[block.Cid] = true;
                        }
                    }
                    catch (IpfsUnavailableException fault)
                    {
                        Interlocked.CompareExchange(ref first, fault, null); // requests already under way still complete
                    }
                });
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var count = blocks.Count(block => stored.ContainsKey(block.Cid));
            throw new IpfsUnavailableException(
                $"The IPFS node at {rpc.Name} is too slow: it stored {count} of {blocks.Count} blocks in " +
                    $"{PutTimeout.TotalSeconds:0} seconds.");
        }

        if (first is not null)
        {
            throw first;
        }

        foreach (var block in blocks)
        {
            stored.TryRemove(block.Cid, out _);
        }
    }

    public Task<byte[]?> FindAsync(Cid cid, CancellationToken cancellationToken) => embedded.FindAsync(cid, cancellationToken);

    private async Task PublishAsync(Block block, CancellationToken cancellationToken)
    {
        var (known, other) = (codecParameterIndex, 1 - codecParameterIndex);
        var (fault, key) = await PutAsync(block, CodecParameters[known], cancellationToken);
        if (key == block.Cid.Text)
        {
            return;
        }

        if ((await PutAsync(block, CodecParameters[other], cancellationToken)).Key != block.Cid.Text)
        {
            throw fault ?? new IpfsUnavailableException($"The IPFS node at {rpc.Name} stored block {block.Cid} under a different CID.");
        }

        codecParameterIndex = other;
    }

    /// <returns>The CID that the node reports; null with a fault when it stored no block.</returns>
    /// <exception cref="IpfsUnavailableException">The response is missing or cannot be read.</exception>
    private async Task<(IpfsUnavailableException? Fault, string? Key)> PutAsync(Block block, string codecOption, CancellationToken cancellationToken)
    {
        // cid-base: some nodes would otherwise report the CID in another base than ours.
        var codec = string.Format(System.Globalization.CultureInfo.InvariantCulture, codecOption, block.Cid.Codec == Cid.Raw ? "raw" : "dag-cbor");
        using var part = new ByteArrayContent(block.Bytes);
        part.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var content = new MultipartFormDataContent { { part, "data", "block" } };
        try
        {
            using var answer = await rpc.PostAsync(
                $"block/put?{codec}&mhtype=sha2-256&cid-base=base32&pin=true&timeout=20s", content, HttpCompletionOption.ResponseContentRead, cancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                return (new IpfsUnavailableException($"The IPFS node at {rpc.Name} answered block/put with status " +
                    $"{(int)answer.StatusCode}; check IPFS_API."), null);
            }

            using var body = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
            return (null, body.RootElement.GetProperty("Key").GetString());
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException
            || (fault is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new IpfsUnavailableException($"The IPFS node at {rpc.Name} returned no usable response; check IPFS_API.", fault);
        }
    }
}
