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

public sealed class WebhooksGrainTests : IAsyncLifetime
{
    private const string Url = "https://desk.example/services/secret-path";

    private static readonly Actor Me = new("key:01234567", "night desk");
    private static readonly DeliveryOutcome Delivered = new(true, 1, 200, DeliveryFault.None),
        Failed = new(false, 8, 503, DeliveryFault.Status), Gone = new(false, 1, 410, DeliveryFault.Status);

    private readonly TempDirectory directory = new();
    private readonly FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
    private readonly PrivateKey key = PrivateKey.Create();
    private readonly ScriptedSender sender = new();
    private readonly FaultyWriter writer = new();
    private InProcessTestCluster cluster = null!;

    private IWebhooksGrain Webhooks => cluster.Client.GetGrain<IWebhooksGrain>(0);

    public async Task InitializeAsync()
    {
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCap(directory, _ => new NoChain(), logs: 2);
            silo.Services.AddSingleton<TimeProvider>(time);
            silo.Services.AddSingleton<IWebhookSender>(sender);
            silo.Services.AddSingleton<IAuditLogWriter>(services =>
                writer.Over(new SqliteLogWriter(services.GetRequiredService<SqliteDatabase>())));
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
        await cluster.Client.Cap("Z-001")
            .DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition(key.Address.ToString(), null, null, null)]), Actor.Service);
    }

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        writer.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task However_many_register_a_URL_at_once_there_is_one_webhook_and_one_entry_without_the_URL()
    {
        var rulings = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Webhooks.RegisterAsync(Url, Me)));
        Assert.Single(rulings, ruling => ruling is { Verdict: WebhookVerdict.Changed, Secret: not null });
        Assert.Equal(19, rulings.Count(ruling => ruling is { Verdict: WebhookVerdict.AlreadySo, Secret: null }));
        var id = Assert.Single(await Webhooks.ListAsync()).Id;
        Assert.All(rulings, ruling => Assert.Equal(id, ruling.Endpoint!.Id));
        var entry = Assert.Single(await EntriesAsync());
        Assert.Equal($$"""{"by":"key:01234567","byName":"night desk","host":"desk.example","webhook":"{{id}}"}""", Body(entry)
            .GetRawText());
        Assert.Equal(EntryKinds.WebhookRegistered, entry.Kind);
        Assert.Equal(WebhookVerdict.RefusedAddress, (await Webhooks.RegisterAsync("https://refused.example/", Me)).Verdict);
    }

    [Fact]
    public async Task A_webhook_is_notified_of_what_comes_and_not_of_what_was()
    {
        await FileAsync("I-1");
        var id = await RegisterAsync();
        await FileAsync("I-2");
        await FileAsync("I-3", "normal");
        await FileAsync("I-4");
        Assert.Equal(["I-2", "I-4"], [await NextAsync(), await NextAsync()]);
        await Eventually.TrueAsync(async () =>
            (await cluster.Client.Notifier(id, LogOfIncidents).ProgressAsync()) is { Lag: 0, LastError: null });
        Assert.Equal(time.GetUtcNow(), (await Webhooks.FindAsync(id))!.LastSuccessAt);
        Assert.Equal(["I-2", "I-4"], (await EntriesAsync(EntryKinds.DeliverySucceeded)).Select(entry => Body(entry).Text("incidentId")));
    }

    [Fact]
    public async Task Of_a_database_that_is_set_back_under_a_running_silo_nothing_new_is_passed_over()
    {
        var id = await RegisterAsync();
        await FileAsync("I-1");
        Assert.Equal("I-1", await NextAsync());
        Task CaughtUpAsync() => Eventually.TrueAsync(async () => (await cluster.Client.Notifier(id, LogOfIncidents).ProgressAsync()).Lag == 0);
        await CaughtUpAsync();
        var backup = new SqliteCopy(directory.File("log.db"));
        for (var i = 0; i < 10; i++)
        {
            await FileAsync($"N-{i}", "normal");
        }

        await CaughtUpAsync();
        backup.Restore();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await FileAsync("I-2");
                return true;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                return false; // the writer notices that the log is another, and begins again
            }
        });
        Assert.Equal("I-2", JsonElement.Parse((await AgainAsync()).Body).Text("incident_id"));
    }

    [Fact]
    public async Task Until_its_first_pass_a_new_webhook_is_not_behind()
    {
        for (var i = 0; i < 5; i++)
        {
            await FileAsync($"I-{i}");
        }

        var id = await RegisterAsync();
        Assert.InRange((await cluster.Client.Notifier(id, LogOfIncidents).ProgressAsync()).Lag, 0, 1); // its own entry
    }

    [Fact]
    public async Task A_receiver_that_is_gone_is_disabled_and_goes_on_where_the_log_stands_when_it_is_enabled()
    {
        var id = await RegisterAsync();
        sender.Outcomes.Enqueue(Gone);
        await FileAsync("I-1");
        Assert.Equal("I-1", await NextAsync());
        await Eventually.TrueAsync(async () => (await Webhooks.FindAsync(id))!.DisabledAt is not null);
        await FileAsync("I-2");
        await NudgeAsync();
        var exhausted = await EntryAsync(EntryKinds.DeliveryExhausted);
        var index = Body(exhausted).GetProperty("index");
        Assert.Equal(
            $$"""{"attempts":1,"capId":"Z-001","fault":"status","incidentId":"I-1","index":{{index}},"webhook":"{{id}}"}""",
            Body(exhausted).GetRawText());
        Assert.Equal($$"""{"by":"service","byName":null,"host":"desk.example","reason":"gone","webhook":"{{id}}"}""",
            Body(await EntryAsync(EntryKinds.WebhookDisabled)).GetRawText());

        Assert.Equal(WebhookVerdict.Changed, (await Webhooks.EnableAsync(id, Me)).Verdict);
        Assert.Equal(WebhookVerdict.AlreadySo, (await Webhooks.EnableAsync(id, Me)).Verdict);
        await FileAsync("I-3");
        Assert.Equal("I-3", await NextAsync());
        Assert.Equal([EntryKinds.WebhookRegistered, EntryKinds.WebhookDisabled, EntryKinds.WebhookEnabled], (await EntriesAsync())
            .Select(entry => entry.Kind));
    }

    [Fact]
    public async Task A_receiver_that_fails_for_five_days_is_disabled_and_nothing_more_is_sent_to_it()
    {
        var id = await RegisterAsync();
        sender.Outcomes.Enqueue(Failed);
        await FileAsync("I-1");
        await NextAsync();
        await Eventually.TrueAsync(async () => (await Webhooks.FindAsync(id))!.FailingSince is not null);
        Assert.Equal(new DeliveryError(time.GetUtcNow(), DeliveryFault.Status, 503), (await Webhooks.FindAsync(id))!.LastError);
        await PassAsync(id, EndpointHealth.FailureLimit);
        sender.Outcomes.Enqueue(Failed);
        await FileAsync("I-2");
        await AgainAsync();
        await Eventually.TrueAsync(async () => (await Webhooks.FindAsync(id))!.DisabledReason == "failing");
        await FileAsync("I-3");
        await NudgeAsync();
        Assert.Equal(2, sender.Count);
        await EntryAsync(EntryKinds.WebhookDisabled);
    }

    [Fact]
    public async Task A_removal_ends_a_delivery_under_way_and_leaves_nothing_behind()
    {
        var first = await Webhooks.RegisterAsync(Url, Me);
        var id = first.Endpoint!.Id;
        await FileAsync("I-1");
        await NextAsync();
        await Eventually.TrueAsync(async () => await OffsetsAsync(id) > 0);
        sender.Holds = true;
        await FileAsync("I-2");
        Assert.Equal("I-2", await NextAsync());
        Assert.Equal(WebhookVerdict.Changed, (await Webhooks.RemoveAsync(id, Me)).Verdict);
        await sender.Ended.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
        Assert.Equal(WebhookVerdict.Unknown, (await Webhooks.RemoveAsync(id, Me)).Verdict);
        Assert.Empty(await Webhooks.ListAsync());
        await EntryAsync(EntryKinds.WebhookRemoved);
        await NudgeAsync();
        Assert.Equal(0, await OffsetsAsync(id));

        sender.Holds = false;
        var second = await Webhooks.RegisterAsync(Url, Me);
        Assert.Equal((WebhookVerdict.Changed, false, false), (second.Verdict, second.Secret == first.Secret, second.Endpoint!.Id == id));
        await FileAsync("I-3");
        Assert.Equal("I-3", await NextAsync()); // and not I-2 again
        Assert.Equal([], (await EntriesAsync(EntryKinds.DeliveryExhausted)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // it did, and the answer was lost
    public async Task An_entry_that_the_log_did_not_take_follows_once(bool isKept)
    {
        (writer.Faults, writer.IsKept) = (1, isKept);
        Assert.Equal(WebhookVerdict.Changed, (await Webhooks.RegisterAsync(Url, Me)).Verdict);
        Assert.Equal(0, writer.Faults);
        await EntryAsync(EntryKinds.WebhookRegistered);
        await Webhooks.RotateSecretAsync((await Webhooks.ListAsync())[0].Id, Me);
        await EntryAsync(EntryKinds.WebhookSecretRotated);
        Assert.Equal([EntryKinds.WebhookRegistered, EntryKinds.WebhookSecretRotated], (await EntriesAsync()).Select(entry => entry.Kind));
    }

    [Fact]
    public async Task There_are_only_so_many_webhooks_and_a_removed_one_makes_room()
    {
        for (var i = 0; i < ClusterLimits.Webhooks; i++)
        {
            Assert.Equal(WebhookVerdict.Changed, (await Webhooks.RegisterAsync($"{Url}/{i}", Me)).Verdict);
        }

        Assert.Equal(WebhookVerdict.Full, (await Webhooks.RegisterAsync(Url, Me)).Verdict);
        await Webhooks.RemoveAsync((await Webhooks.ListAsync())[0].Id, Me);
        Assert.Equal(WebhookVerdict.Changed, (await Webhooks.RegisterAsync(Url, Me)).Verdict);
    }

    [Fact]
    public async Task A_test_is_sent_once_in_five_seconds_and_changes_nothing()
    {
        var id = await RegisterAsync();
        var tests = cluster.Client.GetGrain<IWebhookTestGrain>(id);
        sender.Outcomes.Enqueue(Gone);
        Assert.Equal(new DeliveryReport(false, DeliveryFault.Status, 410), (await tests.SendAsync()).Report);
        Assert.Equal("webhook.test", JsonElement.Parse((await sender.NextAsync()).Body).Text("type"));
        Assert.Equal(WebhookTestVerdict.TooSoon, (await tests.SendAsync()).Verdict);
        time.Advance(TimeSpan.FromSeconds(ClusterLimits.SecondsBetweenWebhookTests));
        Assert.True((await tests.SendAsync()).Report!.Delivered);
        Assert.Equal((null, null), ((await Webhooks.FindAsync(id))!.DisabledAt, (await Webhooks.FindAsync(id))!.LastError));
        Assert.Equal(WebhookTestVerdict.Unknown, (await cluster.Client.GetGrain<IWebhookTestGrain>("nobody").SendAsync()).Verdict);
    }

    [Fact]
    public async Task Deliveries_after_a_rotation_are_signed_with_both_secrets_for_a_day()
    {
        var id = await RegisterAsync();
        Assert.NotNull((await Webhooks.RotateSecretAsync(id, Me)).Secret);
        await FileAsync("I-1");
        Assert.Equal([2, 1], (await sender.NextAsync()).Secrets.Generations);
        await PassAsync(id, SecretRotation.Overlap);
        await FileAsync("I-2");
        Assert.Equal([2], (await AgainAsync()).Secrets.Generations);
    }

    private static int LogOfIncidents => new LogMap(2).Of("Z-001");

    private static JsonElement Body(LogEntry entry) => JsonElement.Parse(entry.Bytes).GetProperty("body");

    private async Task<string> RegisterAsync() => (await Webhooks.RegisterAsync(Url, Me)).Endpoint!.Id;

    private async Task FileAsync(string id, string severity = "high")
    {
        var report = TestIncident.Signed(key, "Z-001", id, time.GetUtcNow(), incident => incident["severity"] = severity).Report();
        Assert.Equal(Verdict.Accepted, (await cluster.Client.Incident("Z-001", id).FileAsync(report)).Verdict);
    }

    /// <summary>Time passes when nothing is under way: for Orleans, too, whose calls have a timeout.</summary>
    private async Task PassAsync(string id, TimeSpan by)
    {
        await Eventually.TrueAsync(async () => (await cluster.Client.Notifier(id, LogOfIncidents).ProgressAsync()).Lag == 0);
        time.Advance(by);
    }

    /// <summary>The next delivery; a notifier that a timeout stopped rests a second first.</summary>
    private async Task<Delivery> AgainAsync()
    {
        var next = sender.NextAsync();
        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await NudgeAsync();
            return next.IsCompleted;
        });
        return await next;
    }

    private async Task<string> NextAsync() => JsonElement.Parse((await sender.NextAsync()).Body).Text("incident_id");

    /// <summary>What the waker does; a call that is answered comes after it.</summary>
    private async Task NudgeAsync()
    {
        await Webhooks.NudgeAsync(0);
        await Webhooks.NudgeAsync(1);
        await Webhooks.RemoveAsync("nobody", Me);
    }

    private async Task<LogEntry> EntryAsync(string kind)
    {
        await Eventually.TrueAsync(async () =>
        {
            await NudgeAsync();
            return (await EntriesAsync(kind)).Count > 0;
        });
        return Assert.Single(await EntriesAsync(kind));
    }

    private async Task<IReadOnlyList<LogEntry>> EntriesAsync(string prefix = "webhook.")
    {
        var entries = new List<LogEntry>();
        for (var log = 0; log < 2; log++)
        {
            entries.AddRange((await new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db"), 2)).ReadAsync(log, 0, 1000, default)).Entries);
        }

        Assert.DoesNotContain(entries, entry => Encoding.UTF8.GetString(entry.Bytes).Contains("secret-path", StringComparison.Ordinal));
        return [.. entries.Where(entry => entry.Kind.StartsWith(prefix, StringComparison.Ordinal))];
    }

    private async Task<long> OffsetsAsync(string id)
    {
        var reader = new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db"), 2));
        return await reader.PositionAsync(0, $"notify/{id}", default) + await reader.PositionAsync(1, $"notify/{id}", default);
    }

    /// <summary>Answers what the test says, and delivers otherwise.</summary>
    private sealed class ScriptedSender : IWebhookSender
    {
        private readonly Channel<Delivery> sent = Channel.CreateUnbounded<Delivery>();
        private int count;

        public ConcurrentQueue<DeliveryOutcome> Outcomes { get; } = new();

        public int Count => Volatile.Read(ref count);

        /// <summary>A receiver that takes what comes and never answers.</summary>
        public bool Holds { get; set; }

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<Delivery> NextAsync()
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
            return await sent.Reader.ReadAsync(timeout.Token);
        }

        public bool MayReach(Uri url) => url.Host != "refused.example";

        public Task<DeliveryOutcome> SendAsync(Delivery delivery, Action<DeliveryOutcome> failed, CancellationToken cancellationToken) =>
            TryAsync(delivery, cancellationToken);

        public async Task<DeliveryOutcome> TryAsync(Delivery delivery, CancellationToken cancellationToken)
        {
            var holds = Holds;
            Interlocked.Increment(ref count);
            sent.Writer.TryWrite(delivery);
            if (holds)
            {
                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                }
                finally
                {
                    Ended.TrySetResult();
                }
            }

            return Outcomes.TryDequeue(out var outcome) ? outcome : Delivered;
        }
    }

    /// <summary>A log whose next commits of a webhook's entry fail, before or after they were made.</summary>
    private sealed class FaultyWriter : IAuditLogWriter, IDisposable
    {
        private SqliteLogWriter? real;

        public int Faults { get; set; }

        public bool IsKept { get; set; }

        public FaultyWriter Over(SqliteLogWriter writer)
        {
            real = writer;
            return this;
        }

        public Task<LogHead> OpenAsync(int log, CancellationToken cancellationToken) => real!.OpenAsync(log, cancellationToken);

        public async Task<(LogHead Head, IReadOnlyList<AppendOutcome> Outcomes)> CommitAsync(int log, LogHead expected,
            IReadOnlyList<Append> batch, CancellationToken cancellationToken)
        {
            if (Faults == 0 || !batch.Any(append =>
                append.Entries.Any(entry => entry.Kind.StartsWith("webhook.", StringComparison.Ordinal))))
            {
                return await real!.CommitAsync(log, expected, batch, cancellationToken);
            }

            Faults--;
            if (IsKept)
            {
                await real!.CommitAsync(log, expected, batch, cancellationToken);
            }

            throw new IOException("no space left on device");
        }

        public void Dispose() => real?.Dispose();
    }
}
