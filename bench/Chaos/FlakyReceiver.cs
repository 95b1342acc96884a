using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Webhooks;
using CapOrleans.TestHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Bench.Chaos;

/// <summary>
/// A receiver of webhooks with faults of its own: of the deliveries that it sees for the first time, it refuses one in
/// twenty, and one in a hundred with 429. It records what it accepted.
/// </summary>
internal sealed class FlakyReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, string> bodies = new(StringComparer.Ordinal); // by webhook-id
    private readonly ConcurrentDictionary<string, int> taken = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> takenIds = new(StringComparer.Ordinal);
    private int seen;

    private FlakyReceiver(IPAddress address)
    {
        Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{address}:{Child.FreePort()}"));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"{Url}");
        app = builder.Build();
        app.MapPost("/", ReceiveAsync);
    }

    public Uri Url { get; }

    /// <summary>Ids that arrived with two contents.</summary>
    public ConcurrentQueue<string> Wrong { get; } = new();

    /// <param name="id">A <c>webhook-id</c>.</param>
    public bool HasTaken(string id) => takenIds.ContainsKey(id);

    public int Repeated => taken.Values.Sum(times => times - 1);

    public static async Task<FlakyReceiver> StartAsync(IPAddress address)
    {
        var desk = new FlakyReceiver(address);
        await desk.app.StartAsync();
        return desk;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    /// <summary>
    /// Checks that every promised incident was delivered or waits for its next attempt, and that nothing is recorded as
    /// delivered that was not.
    /// </summary>
    public async Task<IReadOnlyList<string>> CheckAsync(
        IDeliveryReader deliveries, string webhook, IReadOnlyDictionary<string, Promise> promised, TimeSpan timeout)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var rows = await RowsAsync(deliveries, webhook, row => $"{row.CapId}/{row.IncidentId}");
            var lost = promised.Keys.Where(name => !taken.ContainsKey(name) && rows.GetValueOrDefault(name) != DeliveryState.Waiting).ToList();
            if (lost.Count > 0 && TimeProvider.System.GetElapsedTime(started) < timeout)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
                continue;
            }

            var falselyDelivered = rows.Where(row => row.Value == DeliveryState.Delivered && !taken.ContainsKey(row.Key));
            return
            [
                .. Wrong, .. lost.Select(name => $"{name} was not delivered and is not queued."),
                .. falselyDelivered.Select(row => $"{row.Key} is recorded as delivered but was not."),
            ];
        }
    }

    public static async Task<Dictionary<string, DeliveryState>> RowsAsync(
        IDeliveryReader deliveries, string webhook, Func<DeliveryRow, string> nameOf)
    {
        const int Page = 1000;
        var rows = new Dictionary<string, DeliveryState>(StringComparer.Ordinal);
        for (DeliveryCursor? before = null; ;)
        {
            var page = await deliveries.ListAsync(new DeliveryQuery(webhook, null, before, Page), CancellationToken.None);
            foreach (var row in page)
            {
                rows[nameOf(row)] = row.State;
            }

            if (page.Count <= Page)
            {
                return rows;
            }

            before = new DeliveryCursor(page[Page - 1].ChangedAt.ToUnixTimeMilliseconds(), page[Page - 1].Log, page[Page - 1].Index);
        }
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var read = new MemoryStream();
        await context.Request.Body.CopyToAsync(read);
        var (id, body) = (context.Request.Headers["webhook-id"].ToString(), read.ToArray());
        var digest = Convert.ToHexStringLower(SHA256.HashData(body));
        if (bodies.TryAdd(id, digest))
        {
            var number = Interlocked.Increment(ref seen);
            if (number % 20 == 0)
            {
                context.Response.StatusCode = number % 100 == 0 ? StatusCodes.Status429TooManyRequests : StatusCodes.Status500InternalServerError;
                context.Response.Headers.RetryAfter = "1";
                return;
            }
        }
        else if (bodies[id] != digest)
        {
            Wrong.Enqueue($"{id} came with two contents.");
        }

        takenIds[id] = true;
        using var document = JsonDocument.Parse(body);
        var data = document.RootElement.GetProperty("data");
        taken.AddOrUpdate($"{data.GetProperty("capId").GetString()}/{data.GetProperty("incidentId").GetString()}", 1, (_, times) => times + 1);
    }
}
