using System.Net;
using System.Security.Cryptography;
using CapOrleans.Client;

namespace CapOrleans.Cli;

/// <summary>
/// The API and the gate that the environment names, and what their responses mean for this command. Nothing is retried:
/// the user sees what happened, and hooks keep what did not arrive.
/// </summary>
internal static class Servers
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30), CheckTimeout = TimeSpan.FromSeconds(2);

    /// <exception cref="CliFaultException">Refused, or no answer.</exception>
    public static async Task<T> ApiAsync<T>(Func<ICapOrleansClient, Task<T>> call)
    {
        using var http = HttpClients.Create(Timeout, CredentialHandler.OfApi());
        return await TranslateFaultsAsync(CapEnvironment.Api, () => call(new CapOrleansClient(http, CapEnvironment.Api)));
    }

    /// <exception cref="CliFaultException">Refused, or no answer.</exception>
    public static Task ApiAsync(Func<ICapOrleansClient, Task> call) => ApiAsync(async api =>
    {
        await call(api);
        return true;
    });

    /// <param name="gate">Null for the gate of VPN_ENDPOINT.</param>
    /// <exception cref="CliFaultException">Refused, or no answer.</exception>
    public static async Task<T> GateAsync<T>(string? gate, Func<IGateClient, Task<T>> call)
    {
        var url = GateUrl(gate);
        using var http = HttpClients.Create(Timeout, CredentialHandler.OfGate());
        return await TranslateFaultsAsync(url, () => call(new GateClient(http, url)));
    }

    /// <inheritdoc cref="GateAsync{T}(string?, Func{IGateClient, Task{T}})"/>
    public static Task GateAsync(string? gate, Func<IGateClient, Task> call) => GateAsync(gate, async server =>
    {
        await call(server);
        return true;
    });

    /// <summary>Sends an incident to a gate, as legacy hosts do or sealed to CAP_GATE_KEY.</summary>
    /// <param name="gate">Null for the gate of VPN_ENDPOINT.</param>
    /// <exception cref="CliFaultException">Refused, or no answer.</exception>
    public static Task SendToGateAsync(string? gate, byte[] incident, CancellationToken cancellationToken) =>
        GateAsync(gate, server => server.SendIncidentAsync(incident, CapEnvironment.GateKey, cancellationToken));

    /// <returns>The server's time; null when the response has none.</returns>
    /// <exception cref="CliFaultException">No answer.</exception>
    public static async Task<DateTimeOffset?> ClockAsync(Uri server, CancellationToken cancellationToken)
    {
        using var http = HttpClients.Create(Timeout, TlsSettings.Read());
        try
        {
            using var answer = await http.GetAsync(new Uri(server, "/health/live"), HttpCompletionOption.ResponseHeadersRead,
                cancellationToken);
            return answer.Headers.Date;
        }
        catch (Exception fault) when (fault is HttpRequestException
            || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new CliFaultException(ExitCodes.Unreachable,
                $"No answer from {server.Scheme}://{server.Authority}: {Reason(server, fault)}");
        }
    }

    /// <summary>Whether the gate of <c>VPN_ENDPOINT</c> responds to a request without content.</summary>
    public static async Task<bool> IsGateThereAsync(CancellationToken cancellationToken)
    {
        using var http = HttpClients.Create(CheckTimeout, TlsSettings.Read());
        try
        {
            using var answer = await http.GetAsync(new Uri(GateUrl(null), "/health/live"), HttpCompletionOption.ResponseHeadersRead,
                cancellationToken);
            return answer.StatusCode < HttpStatusCode.InternalServerError; // a proxy answers 502 or 504 for a gate that is down
        }
        catch (Exception fault) when (fault is HttpRequestException
            || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    public static Uri GateUrl(string? text)
    {
        text ??= CapEnvironment.Gate;
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url.AbsolutePath == "/" ? new Uri(url, "gate_receive") : url
            : throw new CliFaultException(ExitCodes.Misconfigured, $"'{text}' is not a gate: choose an http or https " +
                "URL with --gate or VPN_ENDPOINT.");
    }

    private static async Task<T> TranslateFaultsAsync<T>(Uri server, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (ProblemException fault)
        {
            // Sealing to the wrong key is a fault of the settings; too many or too slow is no verdict on what was sent.
            var code = fault.Problem.Name == "sealed-body" ? ExitCodes.Misconfigured
                : fault.IsRetryable ? ExitCodes.Unreachable : ExitCodes.Refused;
            throw new CliFaultException(code, Printable.Line($"refused with {fault.Problem.Status}, {fault.Problem}"), fault);
        }
        catch (NoAnswerException fault) when (fault.InnerException?.GetBaseException() is CliFaultException own)
        {
            throw own;
        }
        catch (NoAnswerException fault)
        {
            throw new CliFaultException(ExitCodes.Unreachable, fault is { Status: null, InnerException: { } inner }
                ? $"No answer from {server.Scheme}://{server.Authority}: {Reason(server, inner)}"
                : Printable.Line(fault.Message));
        }
        catch (FormatException fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, fault.Message);
        }
        catch (CryptographicException fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"CAP_GATE_KEY cannot be used: {fault.Message}");
        }
    }

    private static string Reason(Uri url, Exception fault)
    {
        var innermost = Printable.Line(fault.GetBaseException().Message).TrimEnd('.'); // it may quote what the server sent
        return fault is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
            ? $"{innermost}. Is its certificate issued by an authority in CAP_TLS_CA, and does it use https?"
            : url.Scheme == Uri.UriSchemeHttps && fault is HttpRequestException { HttpRequestError: not HttpRequestError.ConnectionError }
            ? $"{innermost}. It may require a client certificate: CAP_TLS_CERTIFICATE and CAP_TLS_KEY."
            : $"{innermost}. Is it running?{DefaultAddressHint(url)}";
    }

    /// <summary>Returns a hint when the address is only a default.</summary>
    private static string DefaultAddressHint(Uri url) =>
        CapEnvironment.Text("CAP_API") is null && url.Authority == CapEnvironment.Api.Authority ? " CAP_API is not set."
        : CapEnvironment.Text("VPN_ENDPOINT") is null && url.Authority == new Uri(CapEnvironment.Gate).Authority
            ? " VPN_ENDPOINT is not set."
        : "";
}
