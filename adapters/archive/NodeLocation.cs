using System.Net;
using System.Text.Json;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;

namespace CapOrleans.Archive;

/// <summary>
/// The IPFS node's own store, queried by <c>block/get</c> in offline mode: a block that the node would have to fetch
/// from its peers counts as missing.
/// </summary>
public sealed class NodeLocation(KuboRpc rpc, TimeProvider time) : IArchiveLocation
{
    /// <summary>
    /// Texts that mean a missing block. A node answers 500 to every fault, so only its message tells (Kubo: <c>ipld:
    /// could not find CID</c>).
    /// </summary>
    private static readonly string[] NotFoundTexts = ["could not find", "not found"];

    public string Name => "node";

    public bool IsOwn => true;

    public async Task<LocationAnswer> AskAsync(Cid cid, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(ArchiveLocations.Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var answer = await rpc.PostAsync($"block/get?arg={cid}&offline=true&timeout=9s", null, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            var (status, bytes, reason) = answer.StatusCode == HttpStatusCode.OK ? await FetchedBlock.VerifyAsync(answer.Content, cid, linked.Token)
                : await IsNotFoundAsync(answer, linked.Token) ? (LinkStatus.Missing, null, null)
                : (LinkStatus.Unknown, null, "status");
            return new LocationAnswer(Name, IsOwn, status, time.GetUtcNow(), (int)answer.StatusCode, bytes, reason);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            return new LocationAnswer(Name, IsOwn, LinkStatus.Unknown, time.GetUtcNow(),
                Reason: fault is OperationCanceledException ? "timeout" : "no-answer");
        }
    }

    private static async Task<bool> IsNotFoundAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.StatusCode != HttpStatusCode.InternalServerError || await FetchedBlock.ReadAsync(answer.Content, cancellationToken) is not { } body)
        {
            return false;
        }

        try
        {
            var message = JsonElement.Parse(body).GetProperty("Message").GetString() ?? "";
            return Array.Exists(NotFoundTexts, text => message.Contains(text, StringComparison.OrdinalIgnoreCase));
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }
}
