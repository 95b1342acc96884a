using System.Globalization;
using System.Text;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Core.Heartbeats;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Client;

/// <summary>Signs heartbeats with a reporter key of the CapID.</summary>
public static class HeartbeatSigner
{
    /// <param name="severity">Of the incident that a missed heartbeat or a failure becomes.</param>
    /// <param name="sentAt">Must be later than that of the heartbeat before; precise to the millisecond.</param>
    public static HeartbeatRequest Sign(
        string capId, string name, HeartbeatEvent happened, int? exitStatus, HeartbeatSchedule schedule, int graceSeconds, string severity,
        PrivateKey key, DateTimeOffset sentAt)
    {
        var timestamp = sentAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        var text = HeartbeatRules.SignedText(capId, name, happened, exitStatus, schedule, graceSeconds, severity, timestamp);
        return new HeartbeatRequest(
            happened.Text(), exitStatus, schedule.EverySeconds, schedule.Cron, schedule.TimeZone, graceSeconds, severity, timestamp,
            key.Sign(PersonalSign.Hash(Encoding.UTF8.GetBytes(text))).ToString());
    }
}
