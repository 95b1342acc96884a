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

public sealed class WebhooksGrainTests : WebhookCluster
{
    [Fact]
    public async Task However_many_register_a_URL_at_once_there_is_one_webhook_and_one_entry_without_the_URL()
    {
        var rulings = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Webhooks.RegisterAsync(Url, Legacy, Me)));
        Assert.Single(rulings, ruling => ruling is { Verdict: WebhookVerdict.Changed, Secret: not null });
        Assert.Equal(19, rulings.Count(ruling => ruling is { Verdict: WebhookVerdict.Unchanged, Secret: null }));
        var id = Assert.Single(await Webhooks.ListAsync()).Id;
        Assert.All(rulings, ruling => Assert.Equal(id, ruling.Endpoint!.Id));
        var entry = Assert.Single(await EntriesAsync());
        Assert.Equal($$"""{"by":"key:01234567","byName":"night desk","host":"desk.example","webhook":"{{id}}"}""", Body(entry)
            .GetRawText());
        Assert.Equal(EntryKinds.WebhookRegistered, entry.Kind);
        Assert.Equal(WebhookVerdict.RefusedAddress, (await Webhooks.RegisterAsync("https://refused.example/", Legacy, Me)).Verdict);
    }

    [Fact]
    public async Task A_webhook_is_notified_of_new_entries_and_not_of_old_ones()
    {
        await FileAsync("I-1");
        var id = await RegisterAsync();
        await FileAsync("I-2");
        await FileAsync("I-3", "normal");
        await FileAsync("I-4");
        Assert.Equal(["I-2", "I-4"], [await NextAsync(), await NextAsync()]);
        await Eventually.TrueAsync(async () =>
            (await Cluster.Client.Notifier(id, LogOfIncidents).ProgressAsync()) is { Lag: 0, LastError: null });
        Assert.Equal(Time.GetUtcNow(), (await Webhooks.FindAsync(id))!.LastSuccessAt);
        Assert.Equal(["I-2", "I-4"], (await EntriesAsync(EntryKinds.DeliverySucceeded)).Select(entry => Body(entry).Text("incidentId")));
    }

    [Fact]
    public async Task After_a_restore_under_a_running_silo_no_new_entry_is_skipped()
    {
        var id = await RegisterAsync();
        await FileAsync("I-1");
        Assert.Equal("I-1", await NextAsync());
        Task CaughtUpAsync() => WebhookCluster.CaughtUpAsync(Cluster.Client.Notifier(id, LogOfIncidents));
        await CaughtUpAsync();
        var backup = new SqliteCopy(Folder.File("log.db"));
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
                return false; // the writer notices that the log is a different one, and starts over
            }
        });
        Assert.Equal("I-2", JsonElement.Parse((await AgainAsync()).Body).Text("incident_id"));
    }

    [Fact]
    public async Task Before_its_first_pass_a_new_webhook_has_no_lag()
    {
        for (var i = 0; i < 5; i++)
        {
            await FileAsync($"I-{i}");
        }

        var id = await RegisterAsync();
        Assert.InRange((await Cluster.Client.Notifier(id, LogOfIncidents).ProgressAsync()).Lag, 0, 1); // its own entry
    }

    [Fact]
    public async Task A_receiver_that_is_gone_is_disabled_and_continues_at_the_log_s_end_when_enabled()
    {
        var id = await RegisterAsync();
        Sender.Outcomes.Enqueue(Gone);
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
        Assert.Equal(WebhookVerdict.Unchanged, (await Webhooks.EnableAsync(id, Me)).Verdict);
        await FileAsync("I-3");
        Assert.Equal("I-3", await NextAsync());
        Assert.Equal([EntryKinds.WebhookRegistered, EntryKinds.WebhookDisabled, EntryKinds.WebhookEnabled], (await EntriesAsync())
            .Select(entry => entry.Kind));
    }

    [Fact]
    public async Task A_receiver_that_fails_for_five_days_is_disabled_and_nothing_more_is_sent_to_it()
    {
        var id = await RegisterAsync();
        Sender.Outcomes.Enqueue(Failed);
        await FileAsync("I-1");
        await NextAsync();
        await Eventually.TrueAsync(async () => (await Webhooks.FindAsync(id))!.FailingSince is not null);
        Assert.Equal(new DeliveryError(Time.GetUtcNow(), DeliveryFault.Status, 503), (await Webhooks.FindAsync(id))!.LastError);
        Sender.Script = (_, _) => Task.FromResult(Failed); // before the clock makes it due
        await PassAsync(id, EndpointHealth.FailureLimit);
        await AgainAsync();
        await Eventually.TrueAsync(async () => (await Webhooks.FindAsync(id))!.DisabledReason == "failing");
        var count = Sender.Count;
        await FileAsync("I-2");
        await NudgeAsync();
        Assert.Equal(count, Sender.Count);
        await EntryAsync(EntryKinds.WebhookDisabled);
    }

    [Fact]
    public async Task A_removal_ends_a_delivery_under_way_and_leaves_nothing_behind()
    {
        var first = await Webhooks.RegisterAsync(Url, Legacy, Me);
        var id = first.Endpoint!.Id;
        await FileAsync("I-1");
        await NextAsync();
        await Eventually.TrueAsync(async () => await OffsetsAsync(id) > 0);
        Sender.Script = Sender.HoldAsync;
        await FileAsync("I-2");
        Assert.Equal("I-2", await NextAsync());
        Assert.Equal(WebhookVerdict.Changed, (await Webhooks.RemoveAsync(id, Me)).Verdict);
        await Sender.Ended.Task.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System);
        Assert.Equal(WebhookVerdict.Unknown, (await Webhooks.RemoveAsync(id, Me)).Verdict);
        Assert.Empty(await Webhooks.ListAsync());
        await EntryAsync(EntryKinds.WebhookRemoved);
        await NudgeAsync();
        Assert.Equal(0, await OffsetsAsync(id));

        Sender.Script = null;
        var second = await Webhooks.RegisterAsync(Url, Legacy, Me);
        Assert.Equal((WebhookVerdict.Changed, false, false), (second.Verdict, second.Secret == first.Secret, second.Endpoint!.Id == id));
        await FileAsync("I-3");
        Assert.Equal("I-3", await NextAsync()); // and not I-2 again
        Assert.Equal([], (await EntriesAsync(EntryKinds.DeliveryExhausted)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // it did, and the answer was lost
    public async Task An_entry_that_could_not_be_logged_is_logged_once_later(bool isKept)
    {
        (Writer.Faults, Writer.IsKept) = (1, isKept);
        Assert.Equal(WebhookVerdict.Changed, (await Webhooks.RegisterAsync(Url, Legacy, Me)).Verdict);
        Assert.Equal(0, Writer.Faults);
        await EntryAsync(EntryKinds.WebhookRegistered);
        await Webhooks.RotateSecretAsync((await Webhooks.ListAsync())[0].Id, Me);
        await EntryAsync(EntryKinds.WebhookSecretRotated);
        Assert.Equal([EntryKinds.WebhookRegistered, EntryKinds.WebhookSecretRotated], (await EntriesAsync()).Select(entry => entry.Kind));
    }

    [Fact]
    public async Task The_number_of_webhooks_is_limited_and_a_removed_one_frees_a_slot()
    {
        for (var i = 0; i < ClusterLimits.MaxWebhooks; i++)
        {
            Assert.Equal(WebhookVerdict.Changed, (await Webhooks.RegisterAsync($"{Url}/{i}", Legacy, Me)).Verdict);
        }

        Assert.Equal(WebhookVerdict.Full, (await Webhooks.RegisterAsync(Url, Legacy, Me)).Verdict);
        await Webhooks.RemoveAsync((await Webhooks.ListAsync())[0].Id, Me);
        Assert.Equal(WebhookVerdict.Changed, (await Webhooks.RegisterAsync(Url, Legacy, Me)).Verdict);
    }

    [Fact]
    public async Task A_test_is_sent_once_in_five_seconds_and_changes_nothing()
    {
        var id = await RegisterAsync();
        var tests = Cluster.Client.GetGrain<IWebhookTestGrain>(id);
        Sender.Outcomes.Enqueue(Gone);
        Assert.Equal(new DeliveryReport(false, DeliveryFault.Status, 410), (await tests.SendAsync()).Report);
        Assert.Equal("webhook.test", JsonElement.Parse((await Sender.NextAsync()).Body).Text("type"));
        Assert.Equal(WebhookTestVerdict.TooSoon, (await tests.SendAsync()).Verdict);
        Time.Advance(TimeSpan.FromSeconds(ClusterLimits.SecondsBetweenWebhookTests));
        Assert.True((await tests.SendAsync()).Report!.Delivered);
        Assert.Equal((null, null), ((await Webhooks.FindAsync(id))!.DisabledAt, (await Webhooks.FindAsync(id))!.LastError));
        Assert.Equal(WebhookTestVerdict.Unknown, (await Cluster.Client.GetGrain<IWebhookTestGrain>("nobody").SendAsync()).Verdict);
    }

    [Fact]
    public async Task Deliveries_after_a_rotation_are_signed_with_both_secrets_for_a_day()
    {
        var id = await RegisterAsync();
        Assert.NotNull((await Webhooks.RotateSecretAsync(id, Me)).Secret);
        await FileAsync("I-1");
        Assert.Equal([2, 1], (await Sender.NextAsync()).Secrets.Generations);
        await PassAsync(id, SecretRotation.Overlap);
        await FileAsync("I-2");
        Assert.Equal([2], (await AgainAsync()).Secrets.Generations);
    }
}
