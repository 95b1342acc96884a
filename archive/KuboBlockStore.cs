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
/// <param name="api">For example <c>http://127.0.0.1:5001</c>.</param>
public sealed class KuboBlockStore(IBlockStore embedded, HttpClient http, Uri api) : IBlockStore
{
    public async Task PutAsync(IReadOnlyList<Block> blocks, CancellationToken cancellationToken)
    {
        await embedded.PutAsync(blocks, cancellationToken);
        foreach (var block in blocks)
        {
            await PublishAsync(block, cancellationToken);
        }
    }

    public Task<byte[]?> FindAsync(Cid cid, CancellationToken cancellationToken) => embedded.FindAsync(cid, cancellationToken);

    private async Task PublishAsync(Block block, CancellationToken cancellationToken)
    {
        // Older nodes call the codec format; cid-base makes nodes that would answer in another base answer in ours.
        var codec = block.Cid.Codec == Cid.Raw ? "raw" : "dag-cbor";
        var call = new Uri(api, $"/api/v0/block/put?cid-codec={codec}&format={codec}&mhtype=sha2-256&version=1&cid-base=base32&pin=true&timeout=20s");
        using var part = new ByteArrayContent(block.Bytes);
        part.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var form = new MultipartFormDataContent { { part, "data", "block" } };
        string? key;
        try
        {
            using var answer = await http.PostAsync(call, form, cancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                throw new IpfsUnavailableException($"The IPFS node at {api.Host}:{api.Port} answered {(int)answer.StatusCode} to block/put; see IPFS_API.");
            }

            using var body = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
            key = body.RootElement.GetProperty("Key").GetString();
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException
            || (fault is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new IpfsUnavailableException($"The IPFS node at {api.Host}:{api.Port} gives no usable answer; see IPFS_API.", fault);
        }

        if (key != block.Cid.Text)
        {
            throw new IpfsUnavailableException($"The IPFS node at {api.Host}:{api.Port} stored another block than {block.Cid}.");
        }
    }
}
