using System.Text.Json;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Tests.Grains.Webhooks;

/// <summary>What becomes of a delivery, attempt by attempt.</summary>
public sealed class NotifierGrainTests : WebhookCluster
{
    [Fact]
    public async Task What_a_receiver_does_not_take_is_tried_again_and_what_comes_after_it_does_not_wait()
    {
        var id = await RegisterAsync();
        Sender.Outcomes.Enqueue(Failed);
        await FileAsync("I-1");
        var first = await Sender.NextAsync();
        await FileAsync("I-2");
        Assert.Equal("I-2", await NextAsync());
        var waiting = await RowAsync(id, "I-1", row => row.Attempts.Count == 1);
        Assert.Equal((DeliveryState.Waiting, 503, "not now"), (waiting.State, waiting.Attempts[0].Code, waiting.Attempts[0].Answer));
        Assert.InRange(waiting.DueAt!.Value - Time.GetUtcNow(), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6));

        Time.Advance(TimeSpan.FromSeconds(6));
        var again = await AgainAsync();
        Assert.Equal(first.Id, again.Id);
        var done = await RowAsync(id, "I-1", row => row.State == DeliveryState.Delivered);
        Assert.Equal([503, 200], done.Attempts.Select(attempt => attempt.Code));
        Assert.Equal(["I-2:1", "I-1:2"], (await EntriesAsync(EntryKinds.DeliverySucceeded)).Select(Body)
            .Select(body => $"{body.Text("incidentId")}:{body.GetProperty("attempts")}"));
    }

    [Fact]
    public async Task A_receiver_that_hangs_on_one_gets_the_others_meanwhile()
    {
        var hanging = new TaskCompletionSource<DeliveryOutcome>();
        Sender.Script = (incident, _) => incident == "I-1" ? hanging.Task : Task.FromResult(new DeliveryOutcome(DeliveryFault.None, 200));
        var id = await RegisterAsync();
        await FileAsync("I-1");
        Assert.Equal("I-1", await NextAsync());
        await FileAsync("I-2");
        Assert.Equal("I-2", JsonElement.Parse((await AgainAsync()).Body).Text("incident_id"));
        await RowAsync(id, "I-2", row => row.State == DeliveryState.Delivered);
        var leased = await RowAsync(id, "I-1", row => row.State == DeliveryState.Waiting);
        Assert.True(leased.DueAt > Time.GetUtcNow());
        Assert.Empty(leased.Attempts);

        hanging.SetResult(new DeliveryOutcome(DeliveryFault.None, 202));
        await RowAsync(id, "I-1", row => row is { State: DeliveryState.Delivered, Attempts: [{ Code: 202 }] });
        Assert.Equal(2, Sender.Count);
    }

    [Fact]
    public async Task An_attempt_that_ends_during_the_commit_that_has_it_in_progress_is_stored_and_not_repeated()
    {
        var answer = new TaskCompletionSource<DeliveryOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        Sender.Script = (_, _) => answer.Task;
        var id = await RegisterAsync();
        Writer.CommittingDeliveries = async () =>
        {
            answer.TrySetResult(new DeliveryOutcome(DeliveryFault.None, 200));
            await Eventually.TrueAsync(async () => (await Webhooks.ListAsync())[0].LastSuccessAt is not null);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System); // the attempt ends after that report
        };
        await FileAsync("I-1");
        Assert.Equal("I-1", await NextAsync());
        Time.Advance(TimeSpan.FromSeconds(1)); // it is not waited for any longer
        await RowAsync(id, "I-1", row => row.State == DeliveryState.Delivered);
        Assert.Equal(1, Sender.Count);
    }

    [Fact]
    public async Task Of_waiting_deliveries_the_most_severe_go_first_and_only_a_few_at_once()
    {
        var id = await RegisterAsync();
        Sender.Script = (_, _) => Task.FromResult(Failed);
        for (var i = 0; i < 6; i++)
        {
            await FileAsync($"I-{i}", i is 3 or 5 ? "critical" : "high");
            await NextAsync();
            await RowAsync(id, $"I-{i}", row => row.Attempts.Count == 1);
        }

        var holding = 0;
        Sender.Script = (incident, end) =>
        {
            Interlocked.Increment(ref holding);
            return Sender.HoldAsync(incident, end);
        };
        Time.Advance(TimeSpan.FromSeconds(6));
        await NudgeAsync();
        List<string> sent = [await NextAsync(), await NextAsync(), await NextAsync(), await NextAsync()];
        Assert.Contains("I-3", sent);
        Assert.Contains("I-5", sent);
        await NudgeAsync();
        Assert.Equal(4, Volatile.Read(ref holding));

        // A new delivery still finds a slot.
        await FileAsync("I-9", "critical");
        Assert.Equal("I-9", await NextAsync());
    }

    [Fact]
    public async Task An_exhausted_delivery_is_logged_and_sent_on_request()
    {
        var id = await RegisterAsync();
        Sender.Script = (_, _) => Task.FromResult(Failed);
        await FileAsync("I-1");
        await NextAsync();
        for (var attempt = 1; attempt < DeliverySchedule.MaxAttempts; attempt++)
        {
            var row = await RowAsync(id, "I-1", row => row.Attempts.Count == attempt);
            Assert.Equal(attempt, Sender.Count);
            Time.Advance(row.DueAt!.Value - Time.GetUtcNow() - TimeSpan.FromSeconds(1));
            await AgainAsync();
        }

        var exhausted = Body(await EntryAsync(EntryKinds.DeliveryExhausted));
        Assert.Equal((10, "status"), (exhausted.GetProperty("attempts").GetInt32(), exhausted.Text("fault")));

        Sender.Script = null;
        Assert.Equal(1, await Webhooks.RedeliverAsync(id, "Z-001", "I-1", Me));
        Assert.Equal("I-1", await NextAsync());
        await RowAsync(id, "I-1", row => row is { State: DeliveryState.Delivered, Attempts.Count: 11, Tries: 1 });
        var asked = Body(await EntryAsync(EntryKinds.DeliveryRequested));
        Assert.Equal(("key:01234567", 1, id), (asked.Text("by"), asked.GetProperty("deliveries").GetInt32(), asked.Text("webhook")));
        Assert.Null(await Webhooks.RedeliverAsync(id, "Z-001", "I-2", Me));
        Assert.Null(await Webhooks.RedeliverAsync("nobody", "Z-001", "I-1", Me));
    }

    [Fact]
    public async Task A_range_is_delivered_again_as_far_as_the_webhook_wants_it()
    {
        await FileAsync("I-1");
        await FileAsync("I-2", "normal");
        await FileAsync("I-3");
        var id = await RegisterAsync();
        Assert.Equal(2, await Cluster.Client.Notifier(id, LogOfIncidents).RedeliverAsync(0, 1000, Me));
        Assert.Equal(["I-1", "I-3"], ((string[])[await NextAsync(), await NextAsync()]).Order());
        Assert.Null(await Cluster.Client.Notifier("nobody", LogOfIncidents).RedeliverAsync(0, 1000, Me));
    }

    [Fact]
    public async Task A_webhook_gets_what_it_subscribed_to_in_the_form_it_chose()
    {
        var id = (await Webhooks.RegisterAsync(Url, new WebhookOptions(IsLegacy: false, "Z-*", "critical"), Me)).Endpoint!.Id;
        await FileAsync("I-1");
        await FileAsync("I-2", "critical");
        var sent = await Sender.NextAsync();
        var cloudEvent = JsonElement.Parse(sent.Body);
        Assert.Equal((IncidentEvent.ContentType, sent.Id), (sent.ContentType, cloudEvent.Text("id")));
        Assert.Equal(("1.0", "caporleans.incident.accepted", "Z-001/I-2", "critical", 21), (cloudEvent.Text("specversion"),
            cloudEvent.Text("type"), cloudEvent.Text("subject"), cloudEvent.Text("severitytext"), cloudEvent.GetProperty(
                "severitynumber").GetInt32()));
        var data = cloudEvent.GetProperty("data");
        Assert.Equal(sent.Id, $"{data.GetProperty("log").Text("origin")}/{data.GetProperty("log").GetProperty("index")}");
        Assert.Contains("\"signature\":\"0x", data.Text("request"), StringComparison.Ordinal);

        Assert.Equal(WebhookVerdict.Changed, (await Webhooks.ChangeAsync(id, new WebhookOptions(IsLegacy: true, "X-*"), Me)).Verdict);
        Assert.Equal(WebhookVerdict.Unchanged, (await Webhooks.ChangeAsync(id, new WebhookOptions(IsLegacy: true, "X-*"), Me)).Verdict);
        await FileAsync("I-3", "critical");
        await Webhooks.ChangeAsync(id, new WebhookOptions(IsLegacy: true), Me);
        await FileAsync("I-4", "critical");
        Assert.Contains(await NextAsync(), (string[])["I-3", "I-4"]); // which of them depends on when the notifier read the log
        Assert.Equal(WebhookVerdict.Unknown, (await Webhooks.ChangeAsync("nobody", Legacy, Me)).Verdict);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task In_order_means_one_after_another_and_a_failing_one_is_skipped(bool ordered)
    {
        var (now, most) = (0, 0);
        Sender.Script = async (incident, end) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, end);
            Interlocked.Decrement(ref now);
            return incident == "I-6" ? Failed : new DeliveryOutcome(DeliveryFault.None, 200);
        };
        var id = (await Webhooks.RegisterAsync(Url, new WebhookOptions(IsLegacy: true, IsOrdered: ordered), Me)).Endpoint!.Id;
        for (var i = 5; i < 10; i++)
        {
            await FileAsync($"I-{i}");
        }

        var sent = new List<string>();
        while (sent.Count < 5)
        {
            sent.Add(await NextAsync());
        }

        Assert.Equal(["I-5", "I-6", "I-7", "I-8", "I-9"], ordered ? sent : sent.Order());
        if (ordered)
        {
            Assert.Equal(1, most);
        }

        await RowAsync(id, "I-9", row => row.State == DeliveryState.Delivered);
    }

    [Fact]
    public async Task A_received_delivery_is_not_repeated_because_the_log_could_not_be_written()
    {
        var id = await RegisterAsync();
        Writer.Prefix = "delivery.";
        Writer.Faults = 3;
        await FileAsync("I-1");
        Assert.Equal("I-1", await NextAsync());
        await Eventually.TrueAsync(async () =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await NudgeAsync();
            return Writer.Faults == 0;
        });
        await Eventually.TrueAsync(async () =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await NudgeAsync();
            return (await EntriesAsync(EntryKinds.DeliverySucceeded)).Count == 1;
        });
        Assert.Equal(1, Sender.Count);

        // Nor is a retry sent twice.
        Sender.Outcomes.Enqueue(Failed);
        await FileAsync("I-2");
        Assert.Equal("I-2", await NextAsync());
        await RowAsync(id, "I-2", row => row.Attempts.Count == 1);
        Writer.Faults = 3;
        Assert.Equal("I-2", JsonElement.Parse((await AgainAsync()).Body).Text("incident_id"));
        await Eventually.TrueAsync(async () =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await NudgeAsync();
            return (await EntriesAsync(EntryKinds.DeliverySucceeded)).Count == 2;
        });
        Assert.Equal(3, Sender.Count);
    }

    [Fact]
    public async Task While_an_endpoint_is_unavailable_nothing_is_written_and_then_all_is_delivered()
    {
        var id = await RegisterAsync();
        Sender.IsAway = true;
        for (var i = 0; i < 3; i++)
        {
            await FileAsync($"I-{i}");
            await RowAsync(id, $"I-{i}", row => row.State == DeliveryState.Waiting);
        }

        var before = await RowAsync(id, "I-1", _ => true);
        for (var i = 0; i < 5; i++)
        {
            Time.Advance(IWebhookSender.CircuitBreakDuration);
            await NudgeAsync();
        }

        var row = await RowAsync(id, "I-1", _ => true);
        Assert.Equal((0, 0, before.DueAt, before.ChangedAt), (row.Tries, Sender.Count, row.DueAt, row.ChangedAt));
        Sender.IsAway = false;
        await Eventually.TrueAsync(async () =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await NudgeAsync();
            return (await EntriesAsync(EntryKinds.DeliverySucceeded)).Count == 3;
        });
        Assert.Equal(3, Sender.Count);
    }
}
