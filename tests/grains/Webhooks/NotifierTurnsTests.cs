using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Tests.Grains.Webhooks;

/// <summary>Deliveries of one CapID do not keep those of others from a receiver that cannot take them all.</summary>
public sealed class NotifierTurnsTests : WebhookCluster
{
    [Fact]
    public async Task A_receiver_back_from_an_outage_is_tried_one_delivery_at_a_time_and_CapIDs_take_turns()
    {
        await RegisterAsync();
        Sender.IsAway = true;
        for (var i = 0; i < 6; i++)
        {
            await FileAsync($"P-{i}", "critical");
        }

        await FileAsync("H-1", "critical", OtherCap);
        await FileAsync("N-1", "high", OtherCap);
        await FileAsync("P-9", "critical");
        await WaitingAsync(9);

        var (most, now) = (0, 0);
        Sender.Script = async (_, end) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, end);
            Interlocked.Decrement(ref now);
            return Failed;
        };
        Sender.IsAway = false;
        Time.Advance(IWebhookSender.CircuitBreakDuration);
        var sent = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            sent.Add(JsonElement.Parse((await AgainAsync()).Body).Text("incident_id"));
        }

        Assert.Contains("H-1", sent.Take(3));
        Assert.Contains("N-1", sent);
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task An_overloaded_receiver_is_sent_one_delivery_at_a_time_and_CapIDs_take_turns()
    {
        var id = await RegisterAsync();
        Sender.Outcomes.Enqueue(new DeliveryOutcome(DeliveryFault.Status, 429, RetryAfter: TimeSpan.FromSeconds(40)));
        await FileAsync("P-0", "critical");
        await Sender.NextAsync();
        var refused = await RowAsync(id, "P-0", row => row.Attempts.Count == 1);
        Assert.Equal((0, 429), (refused.Tries, refused.Attempts[0].Code));
        Assert.InRange(refused.DueAt!.Value - Time.GetUtcNow(), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(40));

        for (var i = 1; i < 9; i++)
        {
            await FileAsync($"P-{i}", "critical");
        }

        await FileAsync("H-1", "critical", OtherCap);
        await WaitingAsync(10);
        Assert.Equal(1, Sender.Count);
        var sent = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            var before = Time.GetUtcNow();
            sent.Add(JsonElement.Parse((await AgainAsync()).Body).Text("incident_id"));
            Assert.True(Time.GetUtcNow() > before);
        }

        Assert.Contains("H-1", sent);
        await RowAsync(id, "H-1", row => row.State == DeliveryState.Delivered);
    }

    [Fact]
    public async Task A_429_for_a_CapID_of_which_much_waits_delays_no_other_CapID()
    {
        var id = await RegisterAsync();
        Sender.IsAway = true;
        for (var i = 0; i < 5; i++)
        {
            await FileAsync($"F-{i}", "critical", OtherCap);
        }

        await WaitingAsync(5);
        Sender.Script = (incident, _) => Task.FromResult(incident.StartsWith("F-", StringComparison.Ordinal)
            ? new DeliveryOutcome(DeliveryFault.Status, 429) : new DeliveryOutcome(DeliveryFault.None, 200));
        Sender.IsAway = false;
        Time.Advance(TimeSpan.FromSeconds(15)); // long enough that the next attempt is none of a burst
        var refused = JsonElement.Parse((await AgainAsync()).Body).Text("incident_id");
        await RowAsync(id, refused, row => row.Attempts.Count == 1);

        // From here the clock stands still, so no rate lets anything more through.
        await FileAsync("I-1", "critical");
        await RowAsync(id, "I-1", row => row.State == DeliveryState.Delivered);
    }

    [Fact]
    public async Task A_receiver_that_was_sent_too_much_once_costs_nothing_while_nothing_waits()
    {
        var id = await RegisterAsync();
        Sender.Outcomes.Enqueue(new DeliveryOutcome(DeliveryFault.Status, 429, RetryAfter: TimeSpan.FromSeconds(1)));
        await FileAsync("P-1");
        await Sender.NextAsync();
        await AgainAsync();
        await RowAsync(id, "P-1", row => row.State == DeliveryState.Delivered);
        Time.Advance(TimeSpan.FromMinutes(1));
        await NudgeAsync();
        var (before, notifier) = (Nudged.Count, Cluster.Client.Notifier(id, LogOfIncidents));
        for (var i = 0; i < 300; i++)
        {
            await notifier.ProgressAsync();
        }

        Assert.InRange(Nudged.Count - before, 0, 30);
    }

    [Theory]
    [InlineData("critical")]
    [InlineData("high")]
    public async Task After_a_failed_delivery_another_CapID_s_is_next(string severity)
    {
        await RegisterAsync();
        Sender.IsAway = true;
        for (var i = 0; i < 12; i++)
        {
            await FileAsync($"P-{i}", ((string[])["critical", "escalated", "high"])[i % 3]);
        }

        await FileAsync("H-1", severity, OtherCap);
        await WaitingAsync(13);
        Sender.Script = (incident, _) => Task.FromResult(incident == "H-1" ? new DeliveryOutcome(DeliveryFault.None, 200) : Failed);
        Sender.IsAway = false;
        var sent = new List<string>();
        while (!sent.Contains("H-1"))
        {
            sent.Add(JsonElement.Parse((await AgainAsync()).Body).Text("incident_id"));
            Assert.InRange(sent.Count, 1, 2);
        }
    }

    [Fact]
    public async Task Retries_have_slots_beside_those_of_new_deliveries()
    {
        var id = await RegisterAsync();
        Sender.IsAway = true;
        await FileAsync("H-1", "critical", OtherCap);
        await RowAsync(id, "H-1", row => row.State == DeliveryState.Waiting);
        var taken = new List<string>();
        Sender.Script = (incident, end) =>
        {
            lock (taken)
            {
                taken.Add(incident);
            }

            return incident == "H-1" ? Task.FromResult(new DeliveryOutcome(DeliveryFault.None, 200)) : Sender.HoldAsync(incident, end);
        };
        Sender.IsAway = false;
        Time.Advance(IWebhookSender.CircuitBreakDuration);
        for (var i = 0; i < 20; i++)
        {
            await FileAsync($"P-{i}");
        }

        await Eventually.TrueAsync(async () =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await NudgeAsync();
            lock (taken)
            {
                return taken.Contains("H-1");
            }
        });
        await RowAsync(id, "H-1", row => row.State == DeliveryState.Delivered);
    }

    [Fact]
    public async Task What_a_webhook_no_longer_wants_is_not_retried()
    {
        var id = await RegisterAsync();
        Sender.Outcomes.Enqueue(Failed);
        await FileAsync("I-1");
        await Sender.NextAsync();
        await RowAsync(id, "I-1", row => row.Attempts.Count == 1);
        await Webhooks.ChangeAsync(id, Legacy with { Caps = "X-*" }, Me);
        Time.Advance(TimeSpan.FromMinutes(1));
        var dropped = Body(await EntryAsync(EntryKinds.DeliveryExhausted));
        Assert.Equal(("I-1", "not-wanted"), (dropped.Text("incidentId"), dropped.Text("fault")));
        Assert.Equal(1, Sender.Count);
    }

    private async Task WaitingAsync(long count) => await Eventually.TrueAsync(async () =>
    {
        await NudgeAsync();
        var id = (await Webhooks.ListAsync()).Single().Id;
        return (await Cluster.Client.Notifier(id, LogOfIncidents).ProgressAsync()).Waiting == count;
    });
}
