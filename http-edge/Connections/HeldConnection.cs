using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace CapOrleans.HttpEdge.Connections;

/// <summary>An address and its connections.</summary>
/// <param name="isProxy">Whether the address is a trusted proxy's, with many callers behind it.</param>
internal sealed class Caller(IPAddress address, bool isProxy)
{
    public IPAddress Address => address;

    public bool IsProxy => isProxy;

    public int Open { get; set; }

    public int Reserved { get; set; }

    /// <summary>Connections without a request under way, the most recently used one last.</summary>
    public LinkedList<BudgetedConnection> Idle { get; } = new();

    /// <summary>
    /// Connections with a request under way, the oldest request first; without those of
    /// <see cref="ConnectionBudget.Pin"/>.
    /// </summary>
    public LinkedList<BudgetedConnection> Busy { get; } = new();
}

/// <summary>A connection that has a slot.</summary>
internal sealed class BudgetedConnection
{
    public BudgetedConnection(Caller caller, ConnectionContext connection, bool isReserved)
    {
        (Caller, Connection, IsReserved) = (caller, connection, isReserved);
        (IdleNode, CallerIdleNode, BusyNode) = (new LinkedListNode<BudgetedConnection>(this),
            new LinkedListNode<BudgetedConnection>(this), new LinkedListNode<BudgetedConnection>(this));
    }

    public Caller Caller { get; }

    public ConnectionContext Connection { get; }

    public bool IsReserved { get; }

    public bool IsReleased { get; set; }

    /// <summary>Requests under way.</summary>
    public int Requests { get; set; }

    /// <summary>When the current request began, as a timestamp.</summary>
    public long BusySince { get; set; }

    public long IdleSince { get; set; }

    public LinkedListNode<BudgetedConnection> IdleNode { get; }

    public LinkedListNode<BudgetedConnection> CallerIdleNode { get; }

    public LinkedListNode<BudgetedConnection> BusyNode { get; }
}

/// <summary>Marks a connection that found its port full: it may only ask for health.</summary>
internal sealed class HealthOnly;

/// <summary>Applies the budget to HTTP requests.</summary>
public static class BudgetedCalls
{
    /// <summary>
    /// Must be first in the pipeline. A connection that found the port full is closed after one answer, which for
    /// <c>/health</c> is the regular one.
    /// </summary>
    /// <param name="refuse">Answers everything else on such a connection.</param>
    public static void UseBudget(this IApplicationBuilder app, ConnectionBudget budget, Func<HttpContext, Task> refuse) => app.Use((context, next) =>
    {
        if (context.Features.Get<HealthOnly>() is null)
        {
            return context.Features.Get<BudgetedConnection>() is { } held ? budget.RunAsync(held, () => next(context)) : next(context);
        }

        context.Response.Headers.Connection = "close";
        return context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal) ? next(context) : refuse(context);
    });
}
