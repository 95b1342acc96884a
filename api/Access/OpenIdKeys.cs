using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace CapOrleans.Api.Access;

/// <summary>
/// Caches the OpenID provider's issuer and signing keys. At most one request to the provider is in flight, and only the
/// caller that started it may have to wait: anyone can send something that looks like a token, so a silent provider
/// must not make other requests queue up.
/// </summary>
/// <param name="http">HTTP client without a timeout of its own.</param>
internal sealed partial class OpenIdKeys(OpenIdProvider provider, HttpClient http, TimeProvider time, ILogger<OpenIdKeys> logger)
    : IConfigurationManager<OpenIdConnectConfiguration>, IDocumentRetriever
{
    /// <summary>Timeout for the complete response, and delay from a failed attempt to the next one.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5), RetryInterval = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Age at which the cached answer is refreshed, and minimum time between refreshes caused by unknown key ids.
    /// </summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromHours(12), RefreshInterval = TimeSpan.FromMinutes(1);

    private const int MaxErrorLength = 200;

    private readonly Lock gate = new();
    private OpenIdConnectConfiguration? current;
    private bool isRefreshing;
    private long? readAt, triedAt;

    /// <returns>
    /// Whether keys are available. False immediately when nothing is cached and a request is in flight, or one ended
    /// without an answer within the last 10 seconds. The caller that starts the request waits for it, 5 seconds at
    /// most.
    /// </returns>
    public async Task<bool> IsReadyAsync()
    {
        Task asking;
        lock (gate)
        {
            var isDue = !isRefreshing && (triedAt is not { } last || time.GetElapsedTime(last) >= RetryInterval);
            if (current is not null)
            {
                if (isDue && time.GetElapsedTime(readAt!.Value) >= MaxAge)
                {
                    _ = RefreshAsync();
                }

                return true;
            }

            if (!isDue)
            {
                return false;
            }

            asking = RefreshAsync();
        }

        await asking;
        lock (gate)
        {
            return current is not null;
        }
    }

    /// <summary>
    /// Requests a refresh because a token names an unknown key, which the provider may have added. Only later tokens
    /// benefit from the result.
    /// </summary>
    public void RequestRefresh()
    {
        lock (gate)
        {
            if (!isRefreshing && (triedAt is not { } last || time.GetElapsedTime(last) >= RefreshInterval))
            {
                _ = RefreshAsync();
            }
        }
    }

    /// <exception cref="InvalidOperationException">Nothing is cached; see <see cref="IsReadyAsync"/>.</exception>
    public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult(current ?? throw new InvalidOperationException("The OpenID provider has not answered yet."));
        }
    }

    /// <summary>Honours the cancellation token, which the library's own document retriever ignores.</summary>
    public Task<string> GetDocumentAsync(string address, CancellationToken cancel) =>
        provider.Authority.IsLoopback || new Uri(address).Scheme == Uri.UriSchemeHttps
            ? http.GetStringAsync(address, cancel)
            : throw new InvalidOperationException($"{address} is not https.");

    /// <summary>Starts a request. Called under the lock; synchronously it only sets <c>isAsking</c>.</summary>
    private Task RefreshAsync()
    {
        isRefreshing = true;
        return Task.Run(async () =>
        {
            OpenIdConnectConfiguration? answer = null;
            try
            {
                using var timeout = new CancellationTokenSource(Timeout, time);
                answer = await OpenIdConnectConfigurationRetriever.GetAsync(
                    $"{provider.Authority.ToString().TrimEnd('/')}/.well-known/openid-configuration", this, timeout.Token);
            }
            catch (Exception fault)
            {
                var error = fault.GetBaseException().Message.ReplaceLineEndings(" ");
                LogSilent(provider.Authority, error.Length <= MaxErrorLength ? error : error[..MaxErrorLength]);
            }

            lock (gate)
            {
                (isRefreshing, triedAt) = (false, time.GetTimestamp());
                (current, readAt) = answer is null ? (current, readAt) : (answer, triedAt);
            }
        });
    }

    [LoggerMessage(311, LogLevel.Warning, "The OpenID provider {Authority} returned no keys. Keys received earlier " +
        "stay in use; without any, its tokens are refused: {Error}")]
    private partial void LogSilent(Uri authority, string error);
}
