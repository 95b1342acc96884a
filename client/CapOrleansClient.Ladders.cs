using CapOrleans.Contracts.Escalation;

namespace CapOrleans.Client;

/// <summary>Ladders.</summary>
public sealed partial class CapOrleansClient
{
    public Task<IReadOnlyList<LadderView>> ListLaddersAsync(CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get("v1/ladders", CallAccess.Operate), ClientJson.Default.IReadOnlyListLadderView, cancellationToken);

    public Task<LadderView> PutLadderAsync(string id, LadderRequest ladder, CancellationToken cancellationToken)
    {
        var call = Call.Put(Path($"v1/ladders/{id}")).With(ladder, RequestJson.Default.LadderRequest);
        return server.SendAsync(call, ClientJson.Default.LadderView, cancellationToken);
    }

    public Task RemoveLadderAsync(string id, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Delete(Path($"v1/ladders/{id}")), cancellationToken);

    public Task<LadderPreview> PreviewLadderAsync(
        string id, string capId, string? severity, DateTimeOffset? at, CancellationToken cancellationToken) => server.SendAsync(
        Call.Get(
            Path($"v1/ladders/{id}/preview?cap={capId}") + (severity is null ? "" : Path($"&severity={severity}"))
                + (at is { } time ? Path($"&at={time.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}") : ""),
            CallAccess.Operate),
        ClientJson.Default.LadderPreview, cancellationToken);
}
