using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
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

/// <summary>
/// A silo whose webhooks go to a receiver with the answers that a test sets, on a clock that the test controls.
/// </summary>
public abstract class WebhookCluster : IAsyncLifetime
{
    protected const string Url = "https://desk.example/services/secret-path";

    protected static readonly WebhookOptions Legacy = new(IsLegacy: true);

    protected static readonly Actor Me = new("key:01234567", "night desk");
    protected static readonly DeliveryOutcome Failed = new(DeliveryFault.Status, 503, Answer: "not now"),
        Gone = new(DeliveryFault.Status, 410);

    protected TempDirectory Folder { get; } = new();
    protected SiloTime Time { get; } = new();
    private readonly PrivateKey key = PrivateKey.Create();

    /// <summary>A reporter key of both CapIDs.</summary>
    protected PrivateKey Reporter => key;

    protected ScriptedSender Sender { get; } = new();
    protected FaultyWriter Writer { get; } = new();

    /// <summary>Keys of the notifiers that were nudged, once for each nudge.</summary>
    protected ConcurrentQueue<string> Nudged { get; } = [];

    protected InProcessTestCluster Cluster { get; private set; } = null!;

    protected IWebhooksGrain Webhooks => Cluster.Client.GetGrain<IWebhooksGrain>(0);

    public async Task InitializeAsync()
    {
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCap(Folder, _ => new NoChain(), logs: 2);
            silo.Services.AddSingleton<TimeProvider>(Time);
            silo.Services.AddSingleton<IWebhookSender>(Sender);
            silo.AddIncomingGrainCallFilter(call =>
            {
                if (call.Grain is INotifierGrain notifier && call.InterfaceMethod.Name == nameof(INotifierGrain.NudgeAsync))
                {
                    Nudged.Enqueue(notifier.GetPrimaryKeyString());
                }

                return call.Invoke();
            });
            silo.Services.AddSingleton<IAuditLogWriter>(services =>
                Writer.Over(new SqliteLogWriter(services.GetRequiredService<SqliteDatabase>())));
        });
        Cluster = builder.Build();
        await Cluster.DeployAsync();
        foreach (var capId in (string[])["Z-001", OtherCap])
        {
            await Cluster.Client.Cap(capId)
                .DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition(key.Address.ToString(), null, null, null)]),
                    Actor.Service);
        }
    }

    public async Task DisposeAsync()
    {
        await Cluster.DisposeAsync();
        Writer.Dispose();
        Folder.Dispose();
    }

    protected static int LogOfIncidents => new LogMap(2).Of("Z-001");

    protected static JsonElement Body(LogEntry entry) => JsonElement.Parse(entry.Bytes).GetProperty("body");

    protected async Task<string> RegisterAsync() => (await Webhooks.RegisterAsync(Url, Legacy, Me)).Endpoint!.Id;

    /// <summary>Another CapID in the same log.</summary>
    protected static string OtherCap { get; } = Enumerable.Range(0, 100).Select(number => $"Y-{number}").First(capId =>
        new LogMap(2).Of(capId) == LogOfIncidents);

    protected Task FileAsync(string id, string severity = "high", string capId = "Z-001") =>
        FileAsync(id, capId, incident => incident["severity"] = severity);

    protected async Task<Receipt> FileAsync(string id, string capId, Action<JsonObject> change, Verdict expected = Verdict.Accepted)
    {
        var report = TestIncident.Signed(key, capId, id, Time.GetUtcNow(), change).Report();
        var ruling = await Cluster.Client.Incident(capId, id).FileAsync(report);
        Assert.Equal(expected, ruling.Verdict);
        return ruling.Receipt!;
    }

    /// <summary>
    /// Advances the clock once nothing is in progress, because the timeouts of Orleans' calls run on it too.
    /// </summary>
    protected async Task PassAsync(string id, TimeSpan by)
    {
        await CaughtUpAsync(Cluster.Client.Notifier(id, LogOfIncidents));
        Time.Advance(by);
    }

    /// <summary>Nudges a consumer, as the waker does, until it has read the log.</summary>
    protected static Task CaughtUpAsync(IConsumer consumer) => Eventually.TrueAsync(async () =>
    {
        await consumer.NudgeAsync();
        return (await consumer.ProgressAsync()).Lag == 0;
    });

    /// <summary>Waits for the next delivery; a notifier that a timeout stopped backs off for a second first.</summary>
    protected async Task<Delivery> AgainAsync()
    {
        var next = Sender.NextAsync();
        var second = 0;
        await Eventually.TrueAsync(async () =>
        {
            // Below the timeout of Orleans' calls, which a busy machine would reach; then as fast as real time.
            Time.Advance(TimeSpan.FromSeconds(second++ < 20 || second % 40 == 0 ? 1 : 0));
            await NudgeAsync();
            return next.IsCompleted;
        });
        return await next;
    }

    protected async Task<string> NextAsync() => JsonElement.Parse((await Sender.NextAsync()).Body).Text("incident_id");

    /// <summary>Nudges as the waker does, and waits for a call that is answered after the nudges.</summary>
    protected async Task NudgeAsync()
    {
        await Webhooks.NudgeAsync(0);
        await Webhooks.NudgeAsync(1);
        await Webhooks.RemoveAsync("nobody", Me);
    }

    protected async Task<LogEntry> EntryAsync(string kind, bool nudge = true)
    {
        await Eventually.TrueAsync(async () =>
        {
            await (nudge ? NudgeAsync() : Task.CompletedTask);
            return (await EntriesAsync(kind)).Count > 0;
        });
        return Assert.Single(await EntriesAsync(kind));
    }

    protected async Task<IReadOnlyList<LogEntry>> EntriesAsync(string prefix = "webhook.")
    {
        var entries = new List<LogEntry>();
        for (var log = 0; log < 2; log++)
        {
            entries.AddRange((await new SqliteLogReader(SqliteDatabase.Open(Folder.File("log.db"), 2)).ReadAsync(log, 0, 1000,
                default)).Entries);
        }

        Assert.DoesNotContain(entries, entry => Encoding.UTF8.GetString(entry.Bytes).Contains("secret-path", StringComparison.Ordinal));
        return [.. entries.Where(entry => entry.Kind.StartsWith(prefix, StringComparison.Ordinal))];
    }

    protected async Task<long> OffsetsAsync(string id)
    {
        var reader = new SqliteLogReader(SqliteDatabase.Open(Folder.File("log.db"), 2));
        return await reader.PositionAsync(0, $"notify/{id}", default) + await reader.PositionAsync(1, $"notify/{id}", default);
    }

    protected async Task<DeliveryRow> RowAsync(string webhook, string incident, Func<DeliveryRow, bool> isWanted)
    {
        var reader = new SqliteLogReader(SqliteDatabase.Open(Folder.File("log.db"), 2));
        DeliveryRow? found = null;
        await Eventually.TrueAsync(async () =>
        {
            found = (await reader.ListAsync(new DeliveryQuery(webhook, null, null, 100), default)).FirstOrDefault(row =>
                row.IncidentId == incident);
            return found is not null && isWanted(found);
        });
        return found!;
    }
}
