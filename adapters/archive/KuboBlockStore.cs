using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using CapOrleans.Core.Archive;

namespace CapOrleans.Archive;

/// <summary>The IPFS node took no block, or another one. The message says what an operator can do; trying again later may help.</summary>
public sealed class IpfsUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The embedded store, and an IPFS node that gets and pins every block as well, over the Kubo RPC (<c>block/put</c>). What is
/// read comes from the embedded store.
/// </summary>
public sealed class KuboBlockStore(IBlockStore embedded, KuboRpc rpc, TimeProvider time) : IBlockStore
{
    /// <summary>Blocks that are given to the node at once.</summary>
    private const int AtOnce = 16;

    /// <summary>For one call; then the operator sees the fault, and the caller retries. 1 minute.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How a node takes the codec: Kubo since 0.13 as <c>cid-codec</c>, and it refuses <c>format</c> beside that; nodes before it, and js-ipfs,
    /// know <c>format</c> alone, and take what they do not know for nothing.
    /// </summary>
    private static readonly string[] Dialects = ["cid-codec={0}", "format={0}&version=1"];

    /// <summary>
    /// Taken by the node in calls that failed: when they are made again, it is not asked for these. So a node that loses an answer now and
    /// then does not keep a large batch from ever getting through.
    /// </summary>
    private readonly ConcurrentDictionary<Cid, bool> taken = new();

    private int dialect;

    /// <exception cref="IpfsUnavailableException">The node takes too long, too: what it took by then, it is not asked for again.</exception>
    public async Task PutAsync(IReadOnlyList<Block> blocks, CancellationToken cancellationToken)
    {
        await embedded.PutAsync(blocks, cancellationToken);
        using var late = new CancellationTokenSource(Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        IpfsUnavailableException? first = null;
        try
        {
            await Parallel.ForEachAsync(
                blocks.Where(block => !taken.ContainsKey(block.Cid)),
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = either.Token },
                async (block, token) =>
                {
                    try
                    {
                        if (Volatile.Read(ref first) is null)
                        {
                            await PublishAsync(block, token);
                            taken[block.Cid] = true;
                        }
                    }
                    catch (IpfsUnavailableException fault)
                    {
                        Interlocked.CompareExchange(ref first, fault, null); // those that are on their way arrive
                    }
                });
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var count = blocks.Count(block => taken.ContainsKey(block.Cid));
            throw new IpfsUnavailableException(
                $"The IPFS node at {rpc.Name} is slow: it took {count} of {blocks.Count} blocks in {Longest.TotalSeconds:0} seconds.");
        }

        if (first is not null)
        {
            throw first;
        }

        foreach (var block in blocks)
        {
            taken.TryRemove(block.Cid, out _);
        }
    }

    public Task<byte[]?> FindAsync(Cid cid, CancellationToken cancellationToken) => embedded.FindAsync(cid, cancellationToken);

    private async Task PublishAsync(Block block, CancellationToken cancellationToken)
    {
        var (known, other) = (dialect, 1 - dialect);
        var (fault, key) = await PutAsync(block, Dialects[known], cancellationToken);
        if (key == block.Cid.Text)
        {
            return;
        }

        if ((await PutAsync(block, Dialects[other], cancellationToken)).Key != block.Cid.Text)
        {
            throw fault ?? new IpfsUnavailableException($"The IPFS node at {rpc.Name} stored another block than {block.Cid}.");
        }

        dialect = other;
    }

    /// <returns>The CID that the node names; null with a fault when it took no block.</returns>
    /// <exception cref="IpfsUnavailableException">It gives no answer that can be read.</exception>
    private async Task<(IpfsUnavailableException? Fault, string? Key)> PutAsync(Block block, string codecOption, CancellationToken cancellationToken)
    {
        // cid-base makes nodes that would answer in another base answer in ours.
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
                return (new IpfsUnavailableException($"The IPFS node at {rpc.Name} answered {(int)answer.StatusCode} to block/put; see IPFS_API."), null);
            }

            using var body = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
            return (null, body.RootElement.GetProperty("Key").GetString());
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException
            || (fault is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new IpfsUnavailableException($"The IPFS node at {rpc.Name} gives no usable answer; see IPFS_API.", fault);
        }
    }
}
