using CapOrleans.Client;
using CapOrleans.Contracts;

namespace CapOrleans.Cli;

/// <summary>Adds the secret that is meant for a server to calls that need one.</summary>
/// <param name="add">Adds the secret to a request.</param>
/// <param name="isOpenFirst">Whether reads are tried without it first: most nodes let their own machine read.</param>
internal sealed class CredentialHandler(Action<HttpRequestMessage> add, bool isOpenFirst) : HttpMessageHandler
{
    private const int Unauthorized = 401;

    private readonly HttpMessageInvoker open = new(HttpClients.Handler(TlsSettings.Read()));
    private readonly Dictionary<SentSecret, HttpMessageInvoker> invokers = [];

    public static CredentialHandler OfApi() => new(Credentials.AddApiKey, isOpenFirst: true);

    public static CredentialHandler OfGate() => new(Credentials.AddGateToken, isOpenFirst: false);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var access = CallOptions.Of(request, CallOptions.Access);
        if (access == CallAccess.Open)
        {
            return await open.SendAsync(request, cancellationToken);
        }

        if (access == CallAccess.Read && isOpenFirst)
        {
            var response = await open.SendAsync(request, cancellationToken);
            if ((int)response.StatusCode != Unauthorized || !Credentials.HasApiKey || !await IsOursAsync(response, cancellationToken))
            {
                return response;
            }

            response.Dispose();
        }

        add(request);
        return await InvokerFor(Credentials.SecretSentBy(request)).SendAsync(request, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            open.Dispose();
            invokers.Values.ToList().ForEach(invoker => invoker.Dispose());
        }

        base.Dispose(disposing);
    }

    /// <summary>
    /// Returns an invoker whose connections serve this secret only, and only to a program that may see it.
    /// </summary>
    private HttpMessageInvoker InvokerFor(SentSecret? secret)
    {
        if (secret is null)
        {
            return open;
        }

        if (!invokers.TryGetValue(secret, out var invoker))
        {
            invokers.Add(secret, invoker = new HttpMessageInvoker(HttpClients.Handler(TlsSettings.Read(), secret)));
        }

        return invoker;
    }

    private static async Task<bool> IsOursAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await response.Content.LoadIntoBufferAsync(HttpClients.MaxAnswerBytes, cancellationToken);
        return ProblemTypes.NameIn(await response.Content.ReadAsByteArrayAsync(cancellationToken)) is not null;
    }
}
