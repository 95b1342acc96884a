using System.Net;
using CapOrleans.Core.Access;
using CapOrleans.HttpEdge.Callers;
using Microsoft.AspNetCore.Connections;

namespace CapOrleans.HttpEdge.Connections;

/// <summary>
/// How many connections a port has, and how many of them one address: so that no address can close the port for the others. A connection on
/// which no request is under way gives way to a new one; beyond that, a few are kept for health checks.
/// </summary>
/// <param name="proxies">Every caller of theirs has their address: they have no limit of their own.</param>
public sealed class ConnectionBudget(TrustedProxies proxies, TimeProvider time)
{
    /// <summary>Of one port. Each may hold a request of 64 KiB: a quarter of a gibibyte.</summary>
    public const int MaxConnections = 4096;

    /// <summary>Of one address (IPv6: one /64).</summary>
    public const int MaxPerAddress = MaxConnections / 4;

    /// <summary>Beyond the others, for <c>/health</c> alone; one request each.</summary>
    public const int ReservedForHealth = 64, ReservedPerAddress = 16;

    /// <summary>From the connection to its first byte. 5 seconds; 1 second for a reserved one.</summary>
    public static readonly TimeSpan FirstByteTimeout = TimeSpan.FromSeconds(5), ReservedFirstByteTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, Caller> callers = [];
    private readonly LinkedList<Held> idle = new();
    private int open, reserved;

    /// <summary>Before TLS and HTTP: a connection that finds no room is closed without an answer.</summary>
    public ConnectionDelegate Limit(ConnectionDelegate next) => async connection =>
    {
        if (TryEnter(connection) is not { } held)
        {
            connection.Abort();
            return;
        }

        try
        {
            if (await FirstByte.ArrivesAsync(connection, held.IsReserved ? ReservedFirstByteTimeout : FirstByteTimeout, time))
            {
                await next(connection);
            }
        }
        finally
        {
            Leave(held);
        }
    };

    /// <summary>After TLS, for a protocol without requests: from here on the connection is not closed for another.</summary>
    public ConnectionDelegate Keep(ConnectionDelegate next) => connection =>
        connection.Features.Get<Held>() is { IsReserved: false } held ? RunAsync(held, () => next(connection)) : Task.CompletedTask;

    /// <summary>While a request is under way its connection is not closed for another.</summary>
    internal async Task RunAsync(Held held, Func<Task> request)
    {
        lock (gate)
        {
            held.Requests++;
            Wake(held);
        }

        try
        {
            await request();
        }
        finally
        {
            lock (gate)
            {
                if (--held.Requests == 0 && held is { IsReleased: false, IsReserved: false })
                {
                    Rest(held);
                }
            }
        }
    }

    private Held? TryEnter(ConnectionContext connection)
    {
        var remote = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        Held? evicted = null;
        try
        {
            lock (gate)
            {
                var address = ClientAddress.Of(remote);
                var caller = callers.TryGetValue(address, out var known) ? known : callers[address] = new Caller(address);
                if (caller.Open >= MaxPerAddress && !proxies.Contains(remote) && !TryEvict(caller.Idle.First?.Value, out evicted))
                {
                    return TryReserve(caller, connection);
                }

                return open < MaxConnections || TryEvict(idle.First?.Value, out evicted)
                    ? Enter(caller, connection, isReserved: false)
                    : TryReserve(caller, connection);
            }
        }
        finally
        {
            evicted?.Connection.Abort();
        }
    }

    private Held? TryReserve(Caller caller, ConnectionContext connection)
    {
        if (reserved >= ReservedForHealth || caller.Reserved >= ReservedPerAddress)
        {
            Forget(caller);
            return null;
        }

        connection.Features.Set(new HealthOnly());
        return Enter(caller, connection, isReserved: true);
    }

    private Held Enter(Caller caller, ConnectionContext connection, bool isReserved)
    {
        var held = new Held(caller, connection, isReserved);
        if (isReserved)
        {
            (caller.Reserved, reserved) = (caller.Reserved + 1, reserved + 1);
        }
        else
        {
            (caller.Open, open) = (caller.Open + 1, open + 1);
            Rest(held);
        }

        connection.Features.Set(held);
        return held;
    }

    /// <summary>Its place is free at once; its own task finds it closed.</summary>
    private bool TryEvict(Held? oldest, out Held? evicted)
    {
        evicted = oldest;
        if (oldest is not null)
        {
            Release(oldest);
        }

        return oldest is not null;
    }

    private void Leave(Held held)
    {
        lock (gate)
        {
            Release(held);
        }
    }

    private void Release(Held held)
    {
        if (held.IsReleased)
        {
            return;
        }

        held.IsReleased = true;
        Wake(held);
        var caller = held.Caller;
        if (held.IsReserved)
        {
            (caller.Reserved, reserved) = (caller.Reserved - 1, reserved - 1);
        }
        else
        {
            (caller.Open, open) = (caller.Open - 1, open - 1);
        }

        Forget(caller);
    }

    private void Rest(Held held)
    {
        idle.AddLast(held.OfAll);
        held.Caller.Idle.AddLast(held.OfCaller);
    }

    private void Wake(Held held)
    {
        if (held.OfAll.List is not null)
        {
            idle.Remove(held.OfAll);
            held.Caller.Idle.Remove(held.OfCaller);
        }
    }

    private void Forget(Caller caller)
    {
        if (caller is { Open: 0, Reserved: 0 })
        {
            callers.Remove(caller.Address);
        }
    }
}
