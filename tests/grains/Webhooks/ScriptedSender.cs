using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Webhooks;

/// <summary>Gives the outcomes that the test sets, and succeeds otherwise.</summary>
public sealed class ScriptedSender : IWebhookSender
{
    private readonly Channel<Delivery> sent = Channel.CreateUnbounded<Delivery>();
    private int count;

    public ConcurrentQueue<DeliveryOutcome> Outcomes { get; } = new();

    public int Count => Volatile.Read(ref count);

    /// <summary>Gives the outcome for an incident; null for <see cref="Outcomes"/>.</summary>
    public Func<string, CancellationToken, Task<DeliveryOutcome>>? Script { get; set; }

    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task<Delivery> NextAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        return await sent.Reader.ReadAsync(timeout.Token);
    }

    public bool MayReach(Uri url) => url.Host != "refused.example";

    /// <summary>Whether the receiver has done nothing but fail recently.</summary>
    public bool IsAway { get; set; }

    public async Task<DeliveryOutcome?> TryWithCircuitBreakerAsync(Delivery delivery, CancellationToken cancellationToken) =>
        IsAway ? null : await TryAsync(delivery, cancellationToken);

    public async Task<DeliveryOutcome> TryAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var script = Script;
        Interlocked.Increment(ref count);
        sent.Writer.TryWrite(delivery);
        return script is not null ? await script(JsonElement.Parse(delivery.Body).Text("incident_id"), cancellationToken)
            : Outcomes.TryDequeue(out var outcome) ? outcome : new DeliveryOutcome(DeliveryFault.None, 200);
    }

    /// <summary>Acts as a receiver that accepts a request and never answers.</summary>
    public async Task<DeliveryOutcome> HoldAsync(string incident, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return new DeliveryOutcome(DeliveryFault.NoAnswer, null);
        }
        finally
        {
            Ended.TrySetResult();
        }
    }
}
