using System.Globalization;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Client;

/// <summary>Signs updates of an incident with a key of its CapID.</summary>
internal static class UpdateSigner
{
    /// <param name="origin">Origin of the CapID's log, as the service returns it.</param>
    public static UpdateBody Sign(
        UpdateAction action, string? note, string origin, string capId, string incidentId, PrivateKey key, TimeProvider time)
    {
        var timestamp = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var hash = IncidentUpdates.Hash(origin, capId, incidentId, action, timestamp, note);
        return new UpdateBody(note, timestamp, key.Sign(hash).ToString());
    }
}
