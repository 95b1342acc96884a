using System.Net;

namespace CapOrleans.Tests.Support;

/// <summary>
/// Retries, as hosts do, while a gate answers <c>busy</c> because it could not look up the keys in time: on a starved
/// machine, a second may be too short.
/// </summary>
internal sealed class HostRetries() : DelegatingHandler(new SocketsHttpHandler())
{
    private const int Most = 20;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (var i = 1; ; i++)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (i == Most || answer.StatusCode != HttpStatusCode.ServiceUnavailable
                || !(await answer.Content.ReadAsStringAsync(cancellationToken)).Contains("problem:busy", StringComparison.Ordinal))
            {
                return answer;
            }

            answer.Dispose();
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
        }
    }
}
