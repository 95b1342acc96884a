using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace CapOrleans.Api.Access;

/// <summary>
/// The provider's issuer and keys. It is asked once at a time, and whoever else needs the answer does not wait for it: anyone can send
/// what looks like a token, and a provider that is silent must not make the requests of others wait in a queue.
/// </summary>
/// <param name="http">Without a timeout of its own.</param>
internal sealed partial class OpenIdKeys(OpenIdProvider provider, HttpClient http, TimeProvider time, ILogger<OpenIdKeys> logger)
    : IConfigurationManager<OpenIdConnectConfiguration>, IDocumentRetriever
{
    /// <summary>For the whole answer, and from one failure to the next try.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5), RetryInterval = TimeSpan.FromSeconds(10);

    /// <summary>How old the answer may become, and how often a key that it does not have may ask for another.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromHours(12), RefreshInterval = TimeSpan.FromMinutes(1);

    private const int MaxErrorLength = 200;

    private readonly Lock gate = new();
    private OpenIdConnectConfiguration? current;
    private bool isAsking;
    private long? readAt, triedAt;

    /// <returns>
    /// False at once when nothing is known and the provider is being asked, or did not answer within the last 10 seconds. Who comes first waits
    /// for the answer, 5 seconds at most.
    /// </returns>
    public async Task<bool> IsReadyAsync()
    {
        Task asking;
        lock (gate)
        {
            var isDue = !isAsking && (triedAt is not { } last || time.GetElapsedTime(last) >= RetryInterval);
            if (current is not null)
            {
                if (isDue && time.GetElapsedTime(readAt!.Value) >= MaxAge)
                {
                    _ = AskAsync();
                }

                return true;
            }

            if (!isDue)
            {
                return false;
            }

            asking = AskAsync();
        }

        await asking;
        lock (gate)
        {
            return current is not null;
        }
    }

    /// <summary>A token names a key that is not known: the provider may have a new one. The answer counts for later tokens.</summary>
    public void RequestRefresh()
    {
        lock (gate)
        {
            if (!isAsking && (triedAt is not { } last || time.GetElapsedTime(last) >= RefreshInterval))
            {
                _ = AskAsync();
            }
        }
    }

    /// <exception cref="InvalidOperationException">Nothing is known; see <see cref="IsReadyAsync"/>.</exception>
    public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult(current ?? throw new InvalidOperationException("The OpenID provider has not answered yet."));
        }
    }

    /// <summary>Ends with the token, which the library's own way to get a document does not look at.</summary>
    public Task<string> GetDocumentAsync(string address, CancellationToken cancel) =>
        provider.Authority.IsLoopback || new Uri(address).Scheme == Uri.UriSchemeHttps
            ? http.GetStringAsync(address, cancel)
            : throw new InvalidOperationException($"{address} is not https.");

    /// <summary>Called under the lock; what it does at once is to say that it is under way.</summary>
    private Task AskAsync()
    {
        isAsking = true;
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
                (isAsking, triedAt) = (false, time.GetTimestamp());
                (current, readAt) = answer is null ? (current, readAt) : (answer, triedAt);
            }
        });
    }

    [LoggerMessage(311, LogLevel.Warning, "The OpenID provider {Authority} gives no keys; what it gave before stays in use, without any its tokens are refused: {Error}")]
    private partial void LogSilent(Uri authority, string error);
}
