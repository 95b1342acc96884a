using System.Net.Http.Headers;
using CapOrleans.Core.Sealing;

namespace CapOrleans.Cli;

/// <summary>An incident on its way to a gate: as old hosts send it, or sealed to the gate's key, so that nobody on the way can read it.</summary>
internal static class GateCall
{
    /// <param name="gate">Null for that of VPN_ENDPOINT.</param>
    /// <returns>The gate's answer.</returns>
    /// <exception cref="CliFaultException">Refused, or no answer.</exception>
    public static async Task<string> SendAsync(string? gate, byte[] incident, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Url(gate));
        if (CapEnvironment.GateKey is { } key)
        {
            request.Content = new ByteArrayContent(SealedBody.Seal(key, incident));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(SealedBody.ContentType);
        }
        else
        {
            request.Content = CapClient.Json(incident);
            request.Headers.Add("X-Cap-VPN", "true");
            if (IncidentFile.Check(incident).SignerClaimed is { } signer)
            {
                request.Headers.Add("X-Signed-By", signer);
            }
        }

        return await CapClient.SendAsync(request, cancellationToken);
    }

    public static Uri Url(string? text)
    {
        if (!Uri.TryCreate(text ?? CapEnvironment.Gate, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"'{text ?? CapEnvironment.Gate}' is no gate: name an http or https URL with --gate or VPN_ENDPOINT.");
        }

        return url.AbsolutePath == "/" ? new Uri(url, "gate_receive") : url;
    }
}
