using System.Globalization;
using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Client;

/// <summary>Incidents and log entries.</summary>
public sealed partial class CapOrleansClient
{
    private const int NotFound = 404;

    public async Task<AcceptedAnswer> SendIncidentAsync(byte[] incident, CancellationToken cancellationToken)
    {
        var call = Call.Post("v1/incidents", CallAccess.Open, isRepeatable: true).With(incident);
        var receipt = await server.SendAsync(call, ClientJson.Default.AcceptedAnswer, cancellationToken);
        return IncidentReader.Read(incident).Report is not { } sent || (sent.CapId, sent.IncidentId) == (receipt.CapId, receipt.IncidentId)
            ? receipt
            : throw new NoAnswerException($"{api.Authority} answered with the receipt of another incident.");
    }

    public async Task<BatchResult> SendBatchAsync(IReadOnlyList<byte[]> incidents, CancellationToken cancellationToken)
    {
        var lines = new MemoryStream();
        foreach (var incident in incidents)
        {
            lines.Write(incident);
            lines.WriteByte((byte)'\n');
        }

        var call = Call.Post("v1/incidents:batch", CallAccess.Open, isRepeatable: true).With(lines.ToArray(), BatchLines.ContentType);
        var answer = await server.ReceiveAsync(call, cancellationToken);
        try
        {
            var verdicts = BatchLines.Split(answer.Body)
                .ConvertAll(line => JsonSerializer.Deserialize(line.Span, ClientJson.Default.BatchVerdict) ?? throw new JsonException("It is null."));
            return verdicts.Count == incidents.Count && verdicts.TrueForAll(IsVerdict)
                ? new BatchResult(verdicts, answer.RetryAfter)
                : throw new JsonException($"{verdicts.Count} verdicts on {incidents.Count} lines.");
        }
        catch (JsonException fault)
        {
            throw server.UnexpectedAnswer(answer.Status, answer.RetryAfter, fault);
        }

        static bool IsVerdict(BatchVerdict verdict) =>
            verdict is { Status: 200 or 201, Incident: not null, Problem: null } or { Status: >= 400 and <= 599, Problem: not null };
    }

    public async Task<IncidentView> UpdateIncidentAsync(
        string capId, string incidentId, UpdateAction action, string? note, PrivateKey? key, CancellationToken cancellationToken)
    {
        var body = key is null ? new UpdateBody(note) : UpdateSigner.Sign(
            action, note, (await GetCapAsync(capId, cancellationToken)).Origin, capId, incidentId, key, TimeProvider.System);
        var path = Path($"v1/incidents/{capId}/{incidentId}/") + (action == UpdateAction.Respond ? "response" : action.Name());
        var call = Call.Post(path, key is null ? CallAccess.Operate : CallAccess.Open, isRepeatable: true)
            .With(body, RequestJson.Default.UpdateBody);
        return await server.SendAsync(call, ClientJson.Default.IncidentView, cancellationToken);
    }

    public async Task<IncidentView?> FindIncidentAsync(string capId, string incidentId, CancellationToken cancellationToken)
    {
        try
        {
            return await server.SendAsync(
                Call.Get(Path($"v1/incidents/{capId}/{incidentId}")), ClientJson.Default.IncidentView, cancellationToken);
        }
        catch (ProblemException fault) when (fault is { Status: NotFound, Problem.Name: "incident-unknown" })
        {
            return null;
        }
    }

    public IAsyncEnumerable<IncidentView> ListIncidentsAsync(IncidentFilter filter, CancellationToken cancellationToken)
    {
        var query = string.Concat(
            Part("cap", filter.CapId), Part("severity", filter.Severities is { Count: > 0 } severities ? string.Join(',', severities)
                : null), Part("from", Instant(filter.From)), Part("to", Instant(filter.To)),
            Part("order", filter.IsNewestFirst ? "newest" : null));
        return PagesAsync(
            next => $"v1/incidents?limit=500{query}{Part("cursor", next)}", ClientJson.Default.IncidentPage,
            page => (page.Items, page.Next), cancellationToken);

        static string Part(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
        static string? Instant(DateTimeOffset? at) => at?.ToString("O", CultureInfo.InvariantCulture);
    }

    public IAsyncEnumerable<EntryView> ListEntriesAsync(int log, long after, CancellationToken cancellationToken) => PagesAsync(
        next => Path($"v1/audit?log={log}&limit=500&after={next ?? after.ToString(CultureInfo.InvariantCulture)}"),
        ClientJson.Default.EntryPage, page => (page.Items, page.Next?.ToString(CultureInfo.InvariantCulture)), cancellationToken);
}
