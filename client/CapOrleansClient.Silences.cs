using CapOrleans.Contracts.Escalation;

namespace CapOrleans.Client;

/// <summary>Silences.</summary>
public sealed partial class CapOrleansClient
{
    public Task<IReadOnlyList<SilenceView>> ListSilencesAsync(CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get("v1/silences", CallAccess.Operate), ClientJson.Default.IReadOnlyListSilenceView, cancellationToken);

    public Task<SilenceView> PutSilenceAsync(string id, SilenceRequest silence, CancellationToken cancellationToken)
    {
        var call = Call.Put(Path($"v1/silences/{id}")).With(silence, RequestJson.Default.SilenceRequest);
        return server.SendAsync(call, ClientJson.Default.SilenceView, cancellationToken);
    }

    public Task RemoveSilenceAsync(string id, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Delete(Path($"v1/silences/{id}")), cancellationToken);
}
