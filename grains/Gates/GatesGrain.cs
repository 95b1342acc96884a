using CapOrleans.Contracts.Access;
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

/// <param name="Address">Address of the key that has the name.</param>
/// <param name="Since">When an admin assigned the name.</param>
[GenerateSerializer, Immutable, Alias("cap.known-gate.v1")]
internal sealed record KnownGate([property: Id(0)] string Name, [property: Id(1)] string Address, [property: Id(2)] DateTimeOffset Since);

/// <summary>
/// Records the heartbeats of gates that an admin added, and logs when one joins and when it falls silent. Recording
/// touches memory only, so that a stalled log or database makes no gate appear silent; the watch does the slow part.
/// What was last logged about a gate is read from the log, see <see cref="LoggedPresence"/>.
/// </summary>
/// <remarks>
/// Crash between the entry and anything else: the next activation reads the offsets, so nothing is recorded twice. The
/// times of heartbeats are lost, so every gate has its full timeout again.
/// </remarks>
internal sealed partial class GatesGrain(
    [PersistentState("gates")] IPersistentState<GatesState> stored, IAuditLogReader log, TimeProvider time, ILogger<GatesGrain> logger) : Grain, IGatesGrain
{
    private const int Log = 0;

    private readonly Dictionary<string, Presence> gates = new(StringComparer.Ordinal);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        foreach (var gate in stored.State.Gates)
        {
            gates[gate.Name] = new Presence(gate, time.GetTimestamp());
        }

        return base.OnActivateAsync(cancellationToken);
    }

    public Task<HeartbeatVerdict> RecordAsync(GateHeartbeat heartbeat) => Task.FromResult(Record(heartbeat, time.GetUtcNow()));

    public Task<IReadOnlyList<GateView>> ListAsync() => Task.FromResult<IReadOnlyList<GateView>>([.. gates.Values.Select(gate => new GateView(
        gate.Known.Name, gate.Known.Address, gate.Known.Since, gate.LastHeardAt, IsLate(gate), gate.Last?.Waiting ?? 0, gate.Last?.Dead ?? 0))]);

    public async Task WatchAsync()
    {
        foreach (var gate in gates.Values.ToList())
        {
            var logged = gate.Logged ??= await LoggedPresence.ReadAsync(log, Log, gate.Known.Name);
            if (logged.IsJoined && IsLate(gate))
            {
                await LogAsync(gate, EntryKinds.GateSilent, Describe(gate).Add("lastHeardAt", gate.LastHeardAt is { } at ? Entry.Instant(at) : null), logged.Leave());
            }
            else if (!logged.IsJoined && gate.Last is not null && !IsLate(gate) && gate.Changes.TryTake(time))
            {
                await LogAsync(gate, EntryKinds.GateJoined, Describe(gate), logged.Join());
            }
        }
    }

    public async Task<GateAddition> AddAsync(string name, string address, Actor actor)
    {
        if (gates.TryGetValue(name, out var known))
        {
            return known.Known.Address == address ? GateAddition.Unchanged : GateAddition.OtherKey;
        }

        if (gates.Count >= ClusterLimits.MaxGates)
        {
            return GateAddition.Full;
        }

        var gate = new Presence(new KnownGate(name, address, time.GetUtcNow()), time.GetTimestamp());
        await MustLogAsync(gate, EntryKinds.GateAdded, Describe(gate, actor)); // it has not joined yet

        // Crash here: the log has the gate as added, but it is not; the admin gets an error, and adds it again.
        gates[name] = gate;
        try
        {
            await StoreAsync();
        }
        catch
        {
            gates.Remove(name);
            throw;
        }

        return GateAddition.Added;
    }

    public async Task<bool> RemoveAsync(string name, Actor actor)
    {
        if (!gates.TryGetValue(name, out var gate))
        {
            return false;
        }

        await MustLogAsync(gate, EntryKinds.GateRemoved, Describe(gate, actor)); // its successor has not joined

        // Crash here: the name is still taken, and its gate joins again; the admin gets an error.
        gates.Remove(name);
        try
        {
            await StoreAsync();
        }
        catch
        {
            gates[name] = gate;
            throw;
        }

        return true;
    }

    private HeartbeatVerdict Record(GateHeartbeat heartbeat, DateTimeOffset now)
    {
        if ((heartbeat.SentAt - now).Duration() > SignedHeartbeat.Tolerance)
        {
            return HeartbeatVerdict.Stale;
        }

        if (!gates.TryGetValue(heartbeat.Gate, out var gate))
        {
            return HeartbeatVerdict.Unknown;
        }

        if (gate.Known.Address != heartbeat.Address)
        {
            return HeartbeatVerdict.OtherKey;
        }

        if (heartbeat.SentAt <= gate.Last?.SentAt)
        {
            return HeartbeatVerdict.Stale;
        }

        gate.Record(heartbeat, now, time.GetTimestamp());
        return HeartbeatVerdict.Accepted;
    }

    private bool IsLate(Presence gate) => time.GetElapsedTime(gate.HeardAt) > SignedHeartbeat.Timeout;

    private Task StoreAsync() => stored.ReplaceAsync(new GatesState { Gates = [.. gates.Values.Select(gate => gate.Known)] },
        DeactivateOnIdle);

    /// <param name="change">The change of presence that the entry records; null when there is none.</param>
    /// <returns>False when the log is busy, or another activation has logged a change; the next watch tries
    /// again.</returns>
    private async Task<bool> LogAsync(Presence gate, string kind, CanonicalObject body, (LoggedPresence After, OffsetCommit Offset)? change)
    {
        var writer = GrainFactory.GetGrain<IAuditLogGrain>(Log);
        var head = await writer.HeadAsync();
        var outcome = await writer.AppendAsync(new Append { Entries = [Entry.Write(kind, head.Origin, time.GetUtcNow(), body)], Offset = change?.Offset });
        gate.Logged = outcome.Verdict switch { AppendVerdict.Appended => change?.After ?? gate.Logged, AppendVerdict.StaleOffset => null, _ => gate.Logged };
        if (outcome.Verdict == AppendVerdict.Appended && kind == EntryKinds.GateSilent)
        {
            LogSilent(gate.Known.Name);
        }

        return outcome.Verdict == AppendVerdict.Appended;
    }

    /// <summary>Logs what an admin did; after that, the gate counts as not joined.</summary>
    private async Task MustLogAsync(Presence gate, string kind, CanonicalObject body)
    {
        gate.Logged ??= await LoggedPresence.ReadAsync(log, Log, gate.Known.Name);
        if (!await LogAsync(gate, kind, body, gate.Logged.IsJoined ? gate.Logged.Leave() : null))
        {
            throw new TimeoutException("The log does not accept the entry at the moment; try again.");
        }
    }

    private static CanonicalObject Describe(Presence gate) => new CanonicalObject().Add("address", gate.Known.Address).Add("gate", gate.Known.Name);

    private static CanonicalObject Describe(Presence gate, Actor actor) =>
        new CanonicalObject().Add("address", gate.Known.Address).AddActor(actor).Add("gate", gate.Known.Name);

    [LoggerMessage(270, LogLevel.Warning, "Gate {Gate} is silent")]
    private partial void LogSilent(string gate);
}
