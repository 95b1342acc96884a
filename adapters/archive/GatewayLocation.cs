using System.Net;
using System.Net.Http.Headers;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Access;
using CapOrleans.Core.Archive;

namespace CapOrleans.Archive;

/// <summary>
/// A trustless IPFS gateway. Redirects are followed, since the block is verified by its hash whichever host serves it,
/// but a gateway, or content behind it, must not redirect into the private networks of this machine.
/// </summary>
/// <param name="gateway">URL with the path that CIDs are appended to; ends with a slash.</param>
/// <param name="gatewayClient">Client for the operator's URL: connects wherever it leads; follows no redirects.</param>
/// <param name="redirectClient">
/// Client for redirect targets: connects to public addresses only, checked after DNS resolution; follows no redirects.
/// </param>
public sealed class GatewayLocation(Uri gateway, HttpClient gatewayClient, HttpClient redirectClient, TimeProvider time) : IArchiveLocation
{
    /// <summary>Redirects followed for one block.</summary>
    public const int MaxRedirects = 5;

    /// <summary>Longest <c>Retry-After</c> that is honoured; a longer one is cut to this. 1 day.</summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromDays(1);

    private long backoffUntilTicks;

    public string Name { get; } = gateway.IsDefaultPort ? gateway.IdnHost : $"{gateway.IdnHost}:{gateway.Port}";

    public bool IsOwn => false;

    public async Task<LocationAnswer> AskAsync(Cid cid, CancellationToken cancellationToken)
    {
        if (new DateTimeOffset(Interlocked.Read(ref backoffUntilTicks),
            TimeSpan.Zero) - time.GetUtcNow() is var wait && wait > TimeSpan.Zero)
        {
            return Unknown("retry-after", retryAfter: wait);
        }

        using var timeout = new CancellationTokenSource(ArchiveLocations.Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await FetchAsync(cid, linked.Token);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            // Any failure is this gateway's alone: the other locations are still asked.
            return Unknown(fault is OperationCanceledException ? "timeout" : "no-answer");
        }
    }

    private async Task<LocationAnswer> FetchAsync(Cid cid, CancellationToken cancellationToken)
    {
        var url = new Uri(gateway, $"{cid}?format=raw");
        for (var hop = 0; ; hop++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.ipld.raw"));
            var isGateway = hop == 0 || IsGateway(url);
            request.Headers.Authorization = isGateway && UrlCredentials.Basic(gateway) is { } basic ? new AuthenticationHeaderValue("Basic", basic) : null;
            using var answer = await (isGateway ? gatewayClient : redirectClient).SendAsync(request,
                HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308))
            {
                return await JudgeAsync(answer, cid, cancellationToken);
            }

            if (hop == MaxRedirects || answer.Headers.Location is not { } location || !Uri.TryCreate(url, location, out var next)
                || (next.Scheme != Uri.UriSchemeHttp && next.Scheme != Uri.UriSchemeHttps))
            {
                return Unknown("redirect", (int)answer.StatusCode);
            }

            url = next;
        }
    }

    private async Task<LocationAnswer> JudgeAsync(HttpResponseMessage answer, Cid cid, CancellationToken cancellationToken)
    {
        var code = (int)answer.StatusCode;
        if (answer.StatusCode == HttpStatusCode.OK)
        {
            var (status, bytes, reason) = await FetchedBlock.VerifyAsync(answer.Content, cid, cancellationToken);
            return new LocationAnswer(Name, IsOwn, status, time.GetUtcNow(), code, bytes, reason);
        }

        if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            return new LocationAnswer(Name, IsOwn, LinkStatus.Missing, time.GetUtcNow(), code);
        }

        var wait = answer.Headers.RetryAfter is { } asked ? asked.Delta ?? asked.Date - time.GetUtcNow() : null;
        wait = wait > MaxRetryAfter ? MaxRetryAfter : wait > TimeSpan.Zero ? wait : null;
        if (wait is { } backoff)
        {
            Interlocked.Exchange(ref backoffUntilTicks, (time.GetUtcNow() + backoff).UtcTicks);
        }

        return Unknown("status", code, wait);
    }

    private LocationAnswer Unknown(string reason, int? code = null, TimeSpan? retryAfter = null) =>
        new(Name, IsOwn, LinkStatus.Unknown, time.GetUtcNow(), code, Reason: reason, RetryAfter: retryAfter);

    /// <summary>
    /// Whether a hop leads back to the gateway itself, which may be on this machine or its network. True only if the
    /// host needs no DNS lookup, which could point a later hop elsewhere. Kubo on <c>localhost</c> redirects to a
    /// subdomain of it.
    /// </summary>
    private bool IsGateway(Uri url) => url.Scheme == gateway.Scheme && url.Port == gateway.Port
        && (gateway.IdnHost == "localhost"
            ? url.IdnHost == "localhost" || url.IdnHost.EndsWith(".localhost", StringComparison.Ordinal)
            : url.IdnHost == gateway.IdnHost && IPAddress.TryParse(gateway.IdnHost, out _));
}
