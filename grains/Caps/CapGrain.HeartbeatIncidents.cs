using System.Globalization;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Heartbeats;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Grains.Caps;

/// <summary>Files the incidents of heartbeats, and resolves them.</summary>
internal sealed partial class CapGrain
{
    /// <returns>The incident of the heartbeat; null when there is none, or people have resolved it while the fault goes on.</returns>
    private async Task<string?> OpenIncidentAsync(HeartbeatRow? row) =>
        row?.Incident is { } known && (await UnresolvedAsync([known])).Count > 0 ? known : null;

    /// <returns>Whether that is settled, and the incident's id; null when it was refused for good.</returns>
    private async Task<(bool IsDone, string? Incident)> FileAsync(HeartbeatRow row, string incidentId, DateTimeOffset now)
    {
        var (report, refusal) = HeartbeatEntries.ToReport(row, incidentId, now);
        if (report is null)
        {
            throw new InvalidOperationException($"The incident of a heartbeat is not valid: {refusal!.Field} {refusal.Rule}");
        }

        var source = new IntegrationReference(HeartbeatEntries.Source, row.Last.Name);
        var ruling = (await AcceptAsync([new ProvenReport(report, Admission.Unverified, null, null, source)]))[0];
        if (ruling.Verdict == Verdict.Conflicts)
        {
            // Filed before, with another time; or somebody else took the id, which must not keep this from being filed.
            var filed = AcceptedIncident.Read((await reader.FindIncidentAsync(CapId, incidentId, CancellationToken.None))!.Bytes);
            return filed.Integration?.Id == HeartbeatEntries.Source
                ? (true, incidentId)
                : await FileAsync(row, string.Create(CultureInfo.InvariantCulture, $"{incidentId}-{now.ToUnixTimeMilliseconds()}"), now);
        }

        return (!ruling.IsRetryable, ruling.Verdict is Verdict.Accepted or Verdict.AlreadyAccepted ? incidentId : null);
    }

    /// <returns>False when it could not be resolved now.</returns>
    private async Task<bool> TryResolveAsync(string incidentId, SentHeartbeat heartbeat)
    {
        if (await reader.FindIncidentAsync(CapId, incidentId, CancellationToken.None) is not { } entry)
        {
            return true;
        }

        var accepted = AcceptedIncident.Read(entry.Bytes);
        var ruling = await UpdateAsync(new ProvenUpdate(
            new UpdateRequest(UpdateAction.Resolve, null, null,
                null), incidentId, entry.Index, accepted.Severity, accepted.PagingFloor, null,
            HeartbeatEntries.Source, heartbeat.Name, null));
        return ruling.Verdict is not (CapVerdict.Busy or CapVerdict.TooMany);
    }
}
