using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace CapOrleans.HttpEdge.Connections;

/// <summary>What one address holds.</summary>
/// <param name="isProxy">Many callers of its own stand behind it.</param>
internal sealed class Caller(IPAddress address, bool isProxy)
{
    public IPAddress Address => address;

    public bool IsProxy => isProxy;

    public int Open { get; set; }

    public int Reserved { get; set; }

    /// <summary>Connections on which no request is under way, the one that was used last at the end.</summary>
    public LinkedList<Held> Idle { get; } = new();

    /// <summary>Connections on which a request is under way, the one that began first at the front. Not those that are kept.</summary>
    public LinkedList<Held> Busy { get; } = new();
}

/// <summary>A connection that has a slot.</summary>
internal sealed class Held
{
    public Held(Caller caller, ConnectionContext connection, bool isReserved)
    {
        (Caller, Connection, IsReserved) = (caller, connection, isReserved);
        (OfAll, OfCaller, OfBusy) = (new LinkedListNode<Held>(this), new LinkedListNode<Held>(this), new LinkedListNode<Held>(this));
    }

    public Caller Caller { get; }

    public ConnectionContext Connection { get; }

    public bool IsReserved { get; }

    public bool IsReleased { get; set; }

    /// <summary>Under way.</summary>
    public int Requests { get; set; }

    /// <summary>When the request that is under way began.</summary>
    public long BusySince { get; set; }

    public long IdleSince { get; set; }

    public LinkedListNode<Held> OfAll { get; }

    public LinkedListNode<Held> OfCaller { get; }

    public LinkedListNode<Held> OfBusy { get; }
}

/// <summary>On a connection that found its port full.</summary>
internal sealed class HealthOnly;

/// <summary>What HTTP knows of a connection's slot.</summary>
public static class BudgetedCalls
{
    /// <summary>First in the pipeline. A connection that found the port full is closed after one answer; of <c>/health</c> it gets a true one.</summary>
    /// <param name="refuse">Answers everything else.</param>
    public static void UseBudget(this IApplicationBuilder app, ConnectionBudget budget, Func<HttpContext, Task> refuse) => app.Use((context, next) =>
    {
        if (context.Features.Get<HealthOnly>() is null)
        {
            return context.Features.Get<Held>() is { } held ? budget.RunAsync(held, () => next(context)) : next(context);
        }

        context.Response.Headers.Connection = "close";
        return context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal) ? next(context) : refuse(context);
    });
}
