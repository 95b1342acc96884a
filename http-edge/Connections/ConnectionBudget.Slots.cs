using Microsoft.AspNetCore.Connections;

namespace CapOrleans.HttpEdge.Connections;

/// <summary>Assigns slots, and decides which connection gives its slot up. Runs under the budget's lock.</summary>
public sealed partial class ConnectionBudget
{
    private BudgetedConnection? TryReserve(Caller caller, ConnectionContext connection)
    {
        if (reserved >= ReservedForHealth || caller.Reserved >= ReservedPerAddress)
        {
            Forget(caller);
            return null;
        }

        connection.Features.Set(new HealthOnly());
        return Enter(caller, connection, isReserved: true);
    }

    private BudgetedConnection Enter(Caller caller, ConnectionContext connection, bool isReserved)
    {
        var held = new BudgetedConnection(caller, connection, isReserved);
        if (isReserved)
        {
            (caller.Reserved, reserved) = (caller.Reserved + 1, reserved + 1);
        }
        else
        {
            (caller.Open, open) = (caller.Open + 1, open + 1);
            MarkIdle(held);
        }

        callers[caller.Address] = caller; // it may just have been forgotten, with the connection that was evicted
        connection.Features.Set(held);
        return held;
    }

    /// <returns>
    /// The caller's oldest request, if it has run for longer than <see cref="RequestGivesWayAfter"/>; otherwise null.
    /// </returns>
    private BudgetedConnection? Overdue(Caller caller) =>
        caller.Busy.First?.Value is { } oldest && time.GetElapsedTime(oldest.BusySince) > RequestGivesWayAfter ? oldest : null;

    /// <returns>
    /// An idle connection, or else an overdue one, of the address with the most connections; null if no address has
    /// both such a connection and more than the newcomer.
    /// </returns>
    private BudgetedConnection? FromLargestAddress(Caller newcomer) => callers.Values
        .Where(caller => !caller.IsProxy && caller.Open > newcomer.Open).OrderByDescending(caller => caller.Open)
        .Select(caller => caller.Idle.First?.Value ?? Overdue(caller)).FirstOrDefault(held => held is not null);

    /// <summary>
    /// Returns an idle connection of the newcomer's own, or any that has been idle for longer than
    /// <see cref="RequestGivesWayAfter"/>. An address takes nothing else from those with fewer connections: otherwise
    /// it could close theirs before they have sent anything, by opening more of its own.
    /// </summary>
    private BudgetedConnection? IdleFor(Caller newcomer) => newcomer.Idle.First?.Value
        ?? (idle.First?.Value is { } oldest && time.GetElapsedTime(oldest.IdleSince) > RequestGivesWayAfter ? oldest : null);

    /// <summary>Frees the slot immediately; the connection's own task finds it closed.</summary>
    private bool TryEvict(BudgetedConnection? oldest, out BudgetedConnection? evicted)
    {
        evicted = oldest;
        if (oldest is not null)
        {
            Release(oldest);
        }

        return oldest is not null;
    }

    private void Leave(BudgetedConnection held)
    {
        lock (gate)
        {
            Release(held);
        }
    }

    private void Release(BudgetedConnection held)
    {
        if (held.IsReleased)
        {
            return;
        }

        held.IsReleased = true;
        Unlist(held);
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

    private void MarkIdle(BudgetedConnection held)
    {
        held.IdleSince = time.GetTimestamp();
        idle.AddLast(held.IdleNode);
        held.Caller.Idle.AddLast(held.CallerIdleNode);
    }

    private void Unlist(BudgetedConnection held)
    {
        if (held.IdleNode.List is not null)
        {
            idle.Remove(held.IdleNode);
            held.Caller.Idle.Remove(held.CallerIdleNode);
        }

        if (held.BusyNode.List is not null)
        {
            held.Caller.Busy.Remove(held.BusyNode);
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
