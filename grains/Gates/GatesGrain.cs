using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Gates;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Gates;

[GenerateSerializer, Alias("cap.gates-state.v1")]
internal sealed class GatesState
{
    [Id(0)] public List<KnownGate> Gates { get; set; } = [];
}

/// <param name="Address">Of the key that took the name.</param>
[GenerateSerializer, Immutable, Alias("cap.known-gate.v1")]
internal sealed record KnownGate([property: Id(0)] string Name, [property: Id(1)] string Address, [property: Id(2)] DateTimeOffset Since);

/// <summary>
/// Hears the gates, and says in the log when one joins and when it falls silent. Heartbeats are held in memory; whether the log's last word
/// is <c>gate.joined</c> or <c>gate.silent</c> is a bookmark that moves with that word: odd when it joined.
/// </summary>
/// <remarks>Crash between the word and anything else: the next activation reads the bookmark, so nothing is said twice. Who was heard when is
/// forgotten: every gate has its whole patience again.</remarks>
internal sealed partial class GatesGrain(
    [PersistentState("gates")] IPersistentState<GatesState> stored, IAuditLogReader log, TimeProvider time, ILogger<GatesGrain> logger) : Grain, IGatesGrain
{
    private const int Log = 0;

    private readonly Dictionary<string, Presence> presences = new(StringComparer.Ordinal);
    private DateTimeOffset activatedAt;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        activatedAt = time.GetUtcNow();
        return base.OnActivateAsync(cancellationToken);
    }

    public async Task<HeartbeatVerdict> HearAsync(GateHeartbeat heartbeat)
    {
        var now = time.GetUtcNow();
        if ((heartbeat.SentAt - now).Duration() > SignedHeartbeat.Tolerance)
        {
            return HeartbeatVerdict.Stale;
        }

        var known = stored.State.Gates.Find(gate => gate.Name == heartbeat.Gate);
        if (known is null)
        {
            if (!heartbeat.MayJoin)
            {
                return HeartbeatVerdict.Unknown;
            }

            if (stored.State.Gates.Count >= ClusterLimits.Gates)
            {
                return HeartbeatVerdict.TooMany;
            }

            known = new KnownGate(heartbeat.Gate, heartbeat.Address, now);
            await stored.ReplaceAsync(new GatesState { Gates = [.. stored.State.Gates, known] }, DeactivateOnIdle);
        }

        if (known.Address != heartbeat.Address)
        {
            return HeartbeatVerdict.OtherKey;
        }

        var presence = await PresenceAsync(known);
        if (heartbeat.SentAt <= presence.Last?.SentAt)
        {
            return HeartbeatVerdict.Stale;
        }

        (presence.Last, presence.HeardAt) = (heartbeat, now);
        if (!presence.HasJoined)
        {
            await SayAsync(known, presence, EntryKinds.GateJoined, new CanonicalObject().Add("address", known.Address).Add("gate", known.Name));
        }

        return HeartbeatVerdict.Heard;
    }

    public async Task<IReadOnlyList<GateView>> ListAsync()
    {
        var views = new List<GateView>();
        foreach (var gate in stored.State.Gates)
        {
            var presence = await PresenceAsync(gate);
            views.Add(new GateView(gate.Name, gate.Address, gate.Since, presence.HeardAt, !presence.HasJoined, presence.Last?.Waiting ?? 0, presence.Last?.Dead ?? 0));
        }

        return views;
    }

    public async Task WatchAsync()
    {
        foreach (var gate in stored.State.Gates)
        {
            var presence = await PresenceAsync(gate);
            if (presence.HasJoined && time.GetUtcNow() - (presence.HeardAt ?? activatedAt) > SignedHeartbeat.Patience)
            {
                await SayAsync(gate, presence, EntryKinds.GateSilent, new CanonicalObject()
                    .Add("address", gate.Address).Add("gate", gate.Name).Add("lastHeardAt", presence.HeardAt is { } at ? Entry.Instant(at) : null));
                LogSilent(gate.Name);
            }
        }
    }

    private async Task<Presence> PresenceAsync(KnownGate gate)
    {
        if (!presences.TryGetValue(gate.Name, out var presence))
        {
            presence = new Presence { Turn = await log.PositionAsync(Log, BookmarkOf(gate), CancellationToken.None) };
            presences[gate.Name] = presence;
        }

        return presence;
    }

    private async Task SayAsync(KnownGate gate, Presence presence, string kind, CanonicalObject body)
    {
        var writer = GrainFactory.GetGrain<IAuditLogGrain>(Log);
        var head = await writer.HeadAsync();
        var outcome = await writer.AppendAsync(new Append
        {
            Entries = [Entry.Write(kind, head.Origin, time.GetUtcNow(), body)],
            Bookmark = new BookmarkMove(BookmarkOf(gate), presence.Turn, presence.Turn + 1),
        });
        // A log that is busy is asked again at the next heartbeat or watch; another activation's word is read.
        presence.Turn = outcome.Verdict switch
        {
            AppendVerdict.Appended => presence.Turn + 1,
            AppendVerdict.StaleBookmark => await log.PositionAsync(Log, BookmarkOf(gate), CancellationToken.None),
            _ => presence.Turn,
        };
    }

    private static string BookmarkOf(KnownGate gate) => $"gate/{gate.Name}";

    [LoggerMessage(270, LogLevel.Warning, "Gate {Gate} is silent")]
    private partial void LogSilent(string gate);

    private sealed class Presence
    {
        /// <summary>How often the log has spoken of this gate: it joins first, falls silent, joins again.</summary>
        public required long Turn { get; set; }

        public bool HasJoined => Turn % 2 == 1;

        public GateHeartbeat? Last { get; set; }

        public DateTimeOffset? HeardAt { get; set; }
    }
}
