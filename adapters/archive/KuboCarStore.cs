using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;

namespace CapOrleans.Archive;

/// <summary>
/// Streams a CAR into an IPFS node over the Kubo RPC (<c>dag/import</c>). Kubo checks each block against its CID and
/// js-ipfs does not, so neither is trusted: the root and some sample blocks are read back.
/// </summary>
/// <param name="rpc">Must have no timeout of its own: an import is bounded here.</param>
public sealed class KuboCarStore(KuboRpc rpc, TimeProvider time) : ICarStore
{
    /// <summary>Time limit of one import. 10 minutes.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    private const string ImportCall = "dag/import?pin-roots=true&cid-base=base32&timeout=10m";

    public async Task ImportAsync(Cid root, IReadOnlyList<Cid> samples, Func<Stream, CancellationToken, Task> writeAsync, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await ImportAsync(root, writeAsync, linked.Token);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested && fault is HttpRequestException or IOException or OperationCanceledException)
        {
            throw new CarRefusedException($"The IPFS node at {rpc.Name} returned no usable response to dag/import; check IPFS_API.", fault);
        }

        var node = new NodeLocation(rpc, time);
        foreach (var cid in samples.Prepend(root))
        {
            if ((await node.AskAsync(cid, cancellationToken)).Status is var status && status != LinkStatus.Ok)
            {
                throw new CarRefusedException($"The IPFS node at {rpc.Name} accepted a CAR but does not return its " +
                    $"block {cid} ({status}).");
            }
        }
    }

    private async Task ImportAsync(Cid root, Func<Stream, CancellationToken, Task> writeAsync, CancellationToken cancellationToken)
    {
        using var car = new CarContent(writeAsync);
        car.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.ipld.car");
        using var content = new MultipartFormDataContent { { car, "file", "export.car" } };
        using var answer = await rpc.PostAsync(ImportCall, content, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            throw new CarRefusedException($"The IPFS node at {rpc.Name} answered dag/import with status " +
                $"{(int)answer.StatusCode}; check IPFS_API.");
        }

        var body = await FetchedBlock.ReadAsync(answer.Content, cancellationToken) ?? [];
        if (!Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.RemoveEmptyEntries).Any(line => IsPinned(line, root)))
        {
            throw new CarRefusedException($"The IPFS node at {rpc.Name} did not confirm that it pinned {root}.");
        }
    }

    /// <param name="line">
    /// One line of the response, a JSON object: <c>{"Root": {"Cid": {"/": CID}, "PinErrorMsg": ""}}</c>.
    /// </param>
    private static bool IsPinned(string line, Cid root)
    {
        try
        {
            return JsonElement.Parse(line).TryGetProperty("Root", out var pinned) && pinned.GetProperty("Cid").GetProperty("/").GetString() == root.Text
                && pinned.GetProperty("PinErrorMsg").GetString() is null or "";
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Written while it is sent: its length is not known in advance.</summary>
    private sealed class CarContent(Func<Stream, CancellationToken, Task> writeAsync) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => writeAsync(stream, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => writeAsync(stream, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
