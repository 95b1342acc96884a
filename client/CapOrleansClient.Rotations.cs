using CapOrleans.Contracts.Escalation;

namespace CapOrleans.Client;

/// <summary>Rotations.</summary>
public sealed partial class CapOrleansClient
{
    public Task<IReadOnlyList<RotationView>> ListRotationsAsync(CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get("v1/rotations", CallAccess.Operate), ClientJson.Default.IReadOnlyListRotationView, cancellationToken);

    public Task<RotationView> PutRotationAsync(string id, RotationRequest rotation, CancellationToken cancellationToken)
    {
        var call = Call.Put(Path($"v1/rotations/{id}")).With(rotation, RequestJson.Default.RotationRequest);
        return server.SendAsync(call, ClientJson.Default.RotationView, cancellationToken);
    }

    public Task RemoveRotationAsync(string id, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Delete(Path($"v1/rotations/{id}")), cancellationToken);

    public Task<IReadOnlyList<ShiftView>> ListShiftsAsync(
        string id, DateTimeOffset? from, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        var query = new List<string>();
        foreach (var (name, at) in ((string, DateTimeOffset?)[])[("from", from), ("until", until)])
        {
            if (at is { } time)
            {
                query.Add($"{name}={time.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");
            }
        }

        return server.SendAsync(
            Call.Get($"{Path($"v1/rotations/{id}/shifts")}?{string.Join('&', query)}", CallAccess.Operate),
            ClientJson.Default.IReadOnlyListShiftView, cancellationToken);
    }

    public Task<RotationView> PutOverrideAsync(
        string rotation, string id, RotationOverrideRequest change, CancellationToken cancellationToken)
    {
        var call = Call.Put(Path($"v1/rotations/{rotation}/overrides/{id}")).With(change, RequestJson.Default.RotationOverrideRequest);
        return server.SendAsync(call, ClientJson.Default.RotationView, cancellationToken);
    }

    public Task RemoveOverrideAsync(string rotation, string id, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Delete(Path($"v1/rotations/{rotation}/overrides/{id}")), cancellationToken);
}
