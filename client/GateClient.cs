using System.Globalization;
using System.Runtime.CompilerServices;
using CapOrleans.Client.Signing;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Sealing;

namespace CapOrleans.Client;

/// <summary>
/// A gate, as its hosts and its operator call it. Throws the same exceptions as <see cref="ICapOrleansClient"/>.
/// </summary>
public interface IGateClient
{
    /// <summary>Sends an incident, which the gate stores on disk and forwards.</summary>
    /// <param name="sealingKey">
    /// The gate's key, to seal the incident so that no intermediary can read it; null to send it unsealed.
    /// </param>
    Task SendIncidentAsync(byte[] incident, byte[]? sealingKey, CancellationToken cancellationToken);

    /// <summary>Probes the URL without sending anything that a gate would keep.</summary>
    /// <returns>
    /// Whether incidents are accepted at this URL: an empty object is refused there as malformed, and not found
    /// elsewhere.
    /// </returns>
    Task<bool> TakesIncidentsAsync(CancellationToken cancellationToken);

    Task<GateStatus> GetStatusAsync(CancellationToken cancellationToken);

    /// <summary>Lists the dead letters, newest first.</summary>
    IAsyncEnumerable<DeadLetter> ListDeadLettersAsync(CancellationToken cancellationToken);

    Task RetryAsync(long deadLetter, CancellationToken cancellationToken);

    /// <summary>Deletes a dead letter; nothing of it is kept.</summary>
    Task DropAsync(long deadLetter, CancellationToken cancellationToken);

    Task<SealingKeyAnswer> GetSealingKeyAsync(CancellationToken cancellationToken);
}

/// <param name="http">The caller chooses its timeout and handler. It should not follow redirects.</param>
/// <param name="gate">The gate's URL; with a path, incidents are sent to that path.</param>
public sealed class GateClient(HttpClient http, Uri gate, ClientOptions? options = null) : IGateClient
{
    private const string Received = "received";
    private const int BadRequest = 400, NotFound = 404, MethodNotAllowed = 405;

    private readonly ServerConnection server = new(http, gate, options ?? new ClientOptions());

    public async Task SendIncidentAsync(byte[] incident, byte[]? sealingKey, CancellationToken cancellationToken)
    {
        var call = sealingKey is not null
            ? Intake().With(SealedBody.Seal(sealingKey, incident), SealedBody.ContentType)
            : Intake().With(incident) with { Headers = HeadersOf(incident) };
        var answer = await SendToIntakeAsync(call, cancellationToken);
        if (answer.Json is not { ValueKind: System.Text.Json.JsonValueKind.Object } json
            || !json.TryGetProperty("status", out var status)
            || status.ValueKind != System.Text.Json.JsonValueKind.String || !status.ValueEquals(Received))
        {
            throw new NoAnswerException($"{gate.Authority} did not confirm the incident: is it a gate?", answer.Status);
        }
    }

    public async Task<bool> TakesIncidentsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await server.SendAsync(Intake().With("{}"u8.ToArray()), cancellationToken);
            return false;
        }
        catch (ProblemException fault) when (fault.Status == BadRequest)
        {
            return true;
        }
        catch (ClientException fault) when (fault.Status is NotFound or MethodNotAllowed)
        {
            return false;
        }
    }

    private Call Intake() =>
        Call.Post(gate.AbsolutePath == "/" ? "/gate_receive" : gate.PathAndQuery, CallAccess.Open, isRepeatable: true);

    /// <summary>
    /// Sends an incident. A server of ours that has no gate at this path has decided nothing about it.
    /// </summary>
    private async Task<ServerConnection.Answer> SendToIntakeAsync(Call call, CancellationToken cancellationToken)
    {
        try
        {
            return await server.SendAsync(call, cancellationToken);
        }
        catch (ProblemException fault) when (fault.Problem is { Name: "no-such-resource" } or { Status: MethodNotAllowed })
        {
            throw new NoAnswerException($"{gate.Authority} has no gate at {gate.AbsolutePath}: is it the API?", fault.Problem.Status);
        }
    }

    public Task<GateStatus> GetStatusAsync(CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get("/v1/gate/status", CallAccess.Operate), ClientJson.Default.GateStatus, cancellationToken);

    public async IAsyncEnumerable<DeadLetter> ListDeadLettersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (long? before = long.MaxValue; before is { } number;)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"/v1/gate/dead?before={number}");
            var page = await server.SendAsync(Call.Get(path, CallAccess.Operate), ClientJson.Default.DeadPage, cancellationToken);
            foreach (var letter in page.Items)
            {
                yield return letter;
            }

            before = page.Next is null || page.Next < number ? page.Next
                : throw new NoAnswerException($"{gate.Authority} returned pages of dead letters that form a loop: is it a gate?");
        }
    }

    public Task RetryAsync(long deadLetter, CancellationToken cancellationToken) => server.SendAsync(
        Call.Post(string.Create(CultureInfo.InvariantCulture, $"/v1/gate/dead/{deadLetter}/retry")), cancellationToken);

    public Task DropAsync(long deadLetter, CancellationToken cancellationToken) => server.SendAsync(
        Call.Delete(string.Create(CultureInfo.InvariantCulture, $"/v1/gate/dead/{deadLetter}")), cancellationToken);

    public Task<SealingKeyAnswer> GetSealingKeyAsync(CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get("/v1/gate/sealing-key", CallAccess.Open), ClientJson.Default.SealingKeyAnswer, cancellationToken);

    /// <summary>Returns the headers that old hosts send with an incident.</summary>
    private static List<(string, string)> HeadersOf(byte[] incident)
    {
        List<(string, string)> headers = [("X-Cap-VPN", "true")];
        if (IncidentSigner.Check(incident).SignerClaimed is { } signer)
        {
            headers.Add(("X-Signed-By", signer));
        }

        return headers;
    }
}
