using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using CapOrleans.Core.Sealing;

namespace CapOrleans.Cli;

/// <summary>An incident on its way to a gate: as old hosts send it, or sealed to the gate's key, so that nobody on the way can read it.</summary>
internal static class GateCall
{
    /// <param name="gate">Null for that of VPN_ENDPOINT.</param>
    /// <returns>The gate's answer.</returns>
    /// <exception cref="CliFaultException">Refused, or no answer.</exception>
    public static async Task<JsonElement> SendAsync(string? gate, byte[] incident, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Url(gate));
        if (CapEnvironment.GateKey is { } key)
        {
            request.Content = new ByteArrayContent(Seal(key, incident));
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

        var answer = await CapClient.SendAsync(request, cancellationToken);
        return answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("status", out var status)
            && status.ValueKind == JsonValueKind.String && status.ValueEquals("received")
            ? answer
            : throw new CliFaultException(ExitCodes.Unreachable, $"{Url(gate).Authority} did not say that it received the incident: is it a gate?");
    }

    private static byte[] Seal(byte[] key, byte[] incident)
    {
        try
        {
            return SealedBody.Seal(key, incident);
        }
        catch (CryptographicException fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"CAP_GATE_KEY cannot be used: {fault.Message}");
        }
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
