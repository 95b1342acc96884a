using System.Net;
using CapOrleans.Core.Access;
using CapOrleans.HttpEdge.Callers;
using Microsoft.AspNetCore.Connections;

namespace CapOrleans.HttpEdge.Connections;

/// <summary>
/// Limits the connections of a port, in all and by address, so that no address can lock out the others. A connection
/// without a request under way gives way to a new one. If all are busy, the address with the most connections gives up
/// its oldest request, if that is overdue: slow senders and readers lock no one out. Beyond the limit, a few
/// connections are reserved for health checks.
/// </summary>
/// <param name="proxies">
/// All of a proxy's callers share its address: it has no limit of its own, and its requests do not give way.
/// </param>
public sealed partial class ConnectionBudget(TrustedProxies proxies, TimeProvider time)
{
    /// <summary>Of one port. Each may buffer a request of 64 KiB: 256 MiB in all.</summary>
    public const int MaxConnections = 4096;

    /// <summary>Of one address (IPv6: one /64).</summary>
    public const int MaxPerAddress = MaxConnections / 4;

    /// <summary>Reserved beyond these for <c>/health</c>, in all and of one address; one request each.</summary>
    public const int ReservedForHealth = 64, ReservedPerAddress = 16;

    /// <summary>Time from the connection to its first byte. 5 seconds; 1 second for a reserved one.</summary>
    public static readonly TimeSpan FirstByteTimeout = TimeSpan.FromSeconds(5), ReservedFirstByteTimeout = TimeSpan.FromSeconds(1);

    /// <summary>A request that has been under way for longer gives way when its address, or the port, is full. 5 seconds.</summary>
    public static readonly TimeSpan RequestGivesWayAfter = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, Caller> callers = [];
    private readonly LinkedList<BudgetedConnection> idle = new();
    private int open, reserved;

    /// <summary>Middleware before TLS and HTTP: closes a connection without a free slot, without an answer.</summary>
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

    /// <summary>
    /// Middleware after TLS, for a protocol without requests: from here on the connection does not give way.
    /// </summary>
    public ConnectionDelegate Pin(ConnectionDelegate next) => connection =>
        connection.Features.Get<BudgetedConnection>() is { IsReserved: false } held
            ? RunAsync(held, () => next(connection), givesWay: false)
            : Task.CompletedTask;

    /// <summary>
    /// Runs a request; meanwhile its connection does not give way before <see cref="RequestGivesWayAfter"/>.
    /// </summary>
    internal Task RunAsync(BudgetedConnection held, Func<Task> request) => RunAsync(held, request, givesWay: true);

    private async Task RunAsync(BudgetedConnection held, Func<Task> request, bool givesWay)
    {
        lock (gate)
        {
            held.Requests++;
            Unlist(held);
            if (givesWay && held is { Requests: 1, IsReleased: false, IsReserved: false })
            {
                held.BusySince = time.GetTimestamp();
                held.Caller.Busy.AddLast(held.BusyNode);
            }
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
                    Unlist(held);
                    MarkIdle(held);
                }
            }
        }
    }

    private BudgetedConnection? TryEnter(ConnectionContext connection)
    {
        var remote = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        BudgetedConnection? evicted = null;
        try
        {
            lock (gate)
            {
                var address = ClientAddress.Of(remote);
                var caller = callers.TryGetValue(address, out var known) ? known : callers[address] = new Caller(address, proxies.Contains(remote));
                if (caller is { Open: >= MaxPerAddress, IsProxy: false } && !TryEvict(caller.Idle.First?.Value ?? Overdue(caller), out evicted))
                {
                    return TryReserve(caller, connection);
                }

                return open < MaxConnections || TryEvict(FromLargestAddress(caller) ?? IdleFor(caller), out evicted)
                    ? Enter(caller, connection, isReserved: false)
                    : TryReserve(caller, connection);
            }
        }
        finally
        {
            evicted?.Connection.Abort();
        }
    }
}
