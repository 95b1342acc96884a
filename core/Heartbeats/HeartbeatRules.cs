using System.Globalization;
using System.Text;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using Cronos;

namespace CapOrleans.Core.Heartbeats;

/// <summary>What a heartbeat must be, what is signed, and when the next one is missed.</summary>
public static class HeartbeatRules
{
    public const int MaxNameLength = 64, MinSeconds = 10, MaxEverySeconds = 31_536_000, MaxGraceSeconds = 604_800;

    /// <summary>Heartbeats of different names that one CapID may have.</summary>
    public const int MaxPerCap = 200;

    /// <summary>How far the signed time may be from ours.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private static readonly string[] Events = ["success", "start", "failure", "end"]; // in the order of HeartbeatEvent

    public static string Text(this HeartbeatEvent happened) => Events[(int)happened];

    /// <returns>
    /// The text that the key signs with <c>personal_sign</c>: ten parts, none of which can contain <c>|</c>.
    /// </returns>
    public static string SignedText(
        string capId, string name, HeartbeatEvent happened, int? exitStatus, HeartbeatSchedule schedule, int graceSeconds, string severity,
        string timestamp) =>
        string.Create(CultureInfo.InvariantCulture, $"CapOrleans heartbeat|{capId}|{name}|{happened.Text()}|{exitStatus}|" +
            $"{(schedule.EverySeconds is { } seconds ? $"every {seconds}" : $"cron {schedule.Cron}")}|{schedule.TimeZone}|{graceSeconds}|" +
            $"{severity}|{timestamp}");

    /// <returns>The heartbeat, or the rule that it breaks.</returns>
    public static (SentHeartbeat? Heartbeat, Refusal? Refusal) Read(string capId, string name, HeartbeatRequest request, DateTimeOffset now)
    {
        var schedule = new HeartbeatSchedule(request.EverySeconds, request.Cron, request.TimeZone);
        var (severity, happened) = (request.Severity ?? Severity.High, Array.IndexOf(Events, request.Event));
        DateTimeOffset sentAt = default;
        var fault = name.Length > MaxNameLength || !Identifiers.IsId(name)
                ? Invalid("name", $"1 to {MaxNameLength} characters of A-Z a-z 0-9 . _ : - (not only dots)")
            : happened < 0 ? Invalid("event", string.Join(", ", Events))
            : request.ExitStatus is < 0 or > 255 ? Invalid("exitStatus", "0 to 255")
            : ScheduleFault(schedule)
            ?? (request.GraceSeconds is not (>= MinSeconds and <= MaxGraceSeconds) ? Invalid("graceSeconds",
                $"{MinSeconds} to {MaxGraceSeconds}")
            : !Severity.IsOnLadder(severity) ? Invalid("severity", string.Join(", ", Severity.Ladder))
            : request.Timestamp is null || !SignedTime.TryParse(request.Timestamp, out sentAt) || (sentAt - now).Duration() > Tolerance
                ? Invalid("timestamp",
                    $"{SignedTime.Rule}; within {Tolerance.TotalMinutes:0} minutes of the server's clock, {now:yyyy-MM-ddTHH:mm:ssZ}")
            : null);
        if (fault is not null)
        {
            return (null, fault);
        }

        var text = SignedText(
            capId, name, (HeartbeatEvent)happened, request.ExitStatus, schedule, request.GraceSeconds!.Value, severity,
            request.Timestamp!);
        return !RecoverableSignature.TryParse(request.Signature ?? "", out var signature, out var rule) ? (null, Invalid("signature", rule))
            : !Secp256k1.Instance.TryRecover(PersonalSign.Hash(Encoding.UTF8.GetBytes(text)), signature, out var signer)
                ? (null, Invalid("signature", "a signature from which a public key can be recovered"))
            : (new SentHeartbeat(
                name, (HeartbeatEvent)happened, request.ExitStatus, schedule, request.GraceSeconds.Value, severity, request.Timestamp!,
                sentAt, $"{signature}", $"{signer}"), null);
    }

    /// <returns>When the next heartbeat is missed; null after a failure, which is an incident already.</returns>
    /// <param name="before">What was due before it; null for nothing.</param>
    public static DateTimeOffset? DueAfter(SentHeartbeat heartbeat, DateTimeOffset? before, DateTimeOffset now)
    {
        var grace = TimeSpan.FromSeconds(heartbeat.GraceSeconds);
        return heartbeat.Event switch
        {
            HeartbeatEvent.Start => now + grace is var end && before < end ? before : end,
            HeartbeatEvent.Success => Next(heartbeat.Schedule, now) + grace,
            _ => null,
        };
    }

    /// <returns>When the next heartbeat is expected; null for a cron expression that never occurs again.</returns>
    public static DateTimeOffset? Next(HeartbeatSchedule schedule, DateTimeOffset now) => schedule.EverySeconds is { } seconds
        ? now.AddSeconds(seconds)
        : CronExpression.Parse(schedule.Cron!).GetNextOccurrence(now, ZoneOf(schedule)!);

    /// <returns>The id of the incident that a heartbeat's absence, or a failure, becomes.</returns>
    /// <param name="at">When it was missed, or the signed time of the failure.</param>
    public static string IncidentId(string name, DateTimeOffset at) =>
        string.Create(CultureInfo.InvariantCulture, $"hb-{name}-{at.ToUnixTimeMilliseconds()}");

    private static Refusal? ScheduleFault(HeartbeatSchedule schedule)
    {
        if (schedule.EverySeconds is null == schedule.Cron is null)
        {
            return Invalid("everySeconds", "everySeconds or cron");
        }

        if (schedule.EverySeconds is not (null or (>= MinSeconds and <= MaxEverySeconds)))
        {
            return Invalid("everySeconds", $"{MinSeconds} to {MaxEverySeconds}");
        }

        return schedule.Cron is not null && (schedule.Cron.Contains('|',
            StringComparison.Ordinal) || !CronExpression.TryParse(schedule.Cron, out _))
                ? Invalid("cron", "a cron expression of five fields, such as 0 3 * * *")
            : schedule.TimeZone is not null && (schedule.Cron is null || ZoneOf(schedule) is null)
                ? Invalid("timeZone", "the IANA name of a time zone, such as Europe/Berlin; only with cron")
            : null;
    }

    private static TimeZoneInfo? ZoneOf(HeartbeatSchedule schedule) => schedule.TimeZone is null ? TimeZoneInfo.Utc
        : TimeZoneInfo.TryFindSystemTimeZoneById(schedule.TimeZone, out var zone) ? zone : null;

    private static Refusal Invalid(string field, string rule) => new("invalid-field", field, rule);
}
