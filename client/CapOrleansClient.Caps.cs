using System.Globalization;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Client;

/// <summary>CapIDs.</summary>
public sealed partial class CapOrleansClient
{
    public Task<CapView> GetCapAsync(string capId, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get(Path($"v1/caps/{capId}")), ClientJson.Default.CapView, cancellationToken);

    public Task<CapView> DefineCapAsync(string capId, CapDefinition definition, CancellationToken cancellationToken) => server.SendAsync(
        Call.Put(Path($"v1/caps/{capId}")).With(definition, RequestJson.Default.CapDefinition), ClientJson.Default.CapView, cancellationToken);

    public async Task<CapView> ChangeCapAsync(
        string capId, ContextChange change, PrivateKey? adminKey, CancellationToken cancellationToken)
    {
        var body = adminKey is null ? ChangeSigner.Unsigned(change)
            : ChangeSigner.Sign(change, await GetCapAsync(capId, cancellationToken) is var cap && cap.CapId == capId ? cap
                : throw new NoAnswerException($"{api.Authority} returned another CapID; nothing was signed."), adminKey, (options
                    ?? new ClientOptions()).Time);
        var call = Call.Post(Path($"v1/caps/{capId}/changes"), adminKey is null ? CallAccess.Operate : CallAccess.Open).With(body);
        return await server.SendAsync(call, ClientJson.Default.CapView, cancellationToken);
    }

    public Task<CapView> CorrectScoreAsync(string capId, Correction correction, CancellationToken cancellationToken) => server.SendAsync(
        Call.Post(Path($"v1/caps/{capId}/corrections"), isRepeatable: true).With(correction, RequestJson.Default.Correction),
        ClientJson.Default.CapView, cancellationToken);

    public IAsyncEnumerable<CapSummary> ListCapsAsync(CancellationToken cancellationToken) => PagesAsync(
        next => next is null ? "v1/caps?limit=500" : Path($"v1/caps?limit=500&after={next}"), ClientJson.Default.CapPage,
        page => (page.Items, page.Next), cancellationToken);

    public IAsyncEnumerable<ScoreStep> ListScoreStepsAsync(string capId, CancellationToken cancellationToken) => PagesAsync(
        next => Path($"v1/caps/{capId}/history?limit=500&after={next ?? "-1"}"), ClientJson.Default.ScorePage,
        page => (page.Items, page.Next?.ToString(CultureInfo.InvariantCulture)), cancellationToken);
}
