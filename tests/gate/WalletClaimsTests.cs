using System.Net;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Spool;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Gate;

/// <summary>
/// A sender who knows a CapID and the address of its wallet, but has no key, sends junk in the wallet's name.
/// </summary>
public sealed class WalletClaimsTests : IDisposable
{
    private const string Wallet = "0x1111111111111111111111111111111111111111";

    private static readonly IPAddress Stranger = IPAddress.Parse("198.51.100.1"), Host = IPAddress.Parse("192.0.2.1");

    private readonly TempDirectory directory = new();
    private readonly KeyCluster cluster = new();
    private readonly ProvenQueues proven = new();
    private readonly LogLines lines = new();
    private readonly LoggerFactory logs;
    private readonly IncidentSpool spool;

    public WalletClaimsTests()
    {
        logs = new LoggerFactory([lines]);
        cluster.Answer = _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.Unauthorized)); // the gate gets no key list
        spool = new IncidentSpool(
            new SpoolFile(directory.File("spool.db"), cluster.Time), new SpoolLimits(10_000_000, TimeSpan.FromDays(7)), cluster.Time,
            logs.CreateLogger<IncidentSpool>());
    }

    public void Dispose()
    {
        spool.Dispose();
        logs.Dispose();
        cluster.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Junk_from_one_address_waits_behind_itself_and_delays_no_other()
    {
        var verdicts = await Task.WhenAll(Enumerable.Range(0, SpoolLimits.MaxClaimsEach + 20).Select(i => KeepAsync($"S-{i}", Stranger, $"INVENTED-{i % 40}")));
        Assert.Equal(SpoolLimits.MaxClaimsEach, verdicts.Count(verdict => verdict == ArrivalVerdict.Kept));
        Assert.Equal(20, verdicts.Count(verdict => verdict == ArrivalVerdict.QueueFull));
        Assert.Equal(SpoolLimits.MaxClaimsEach, spool.Count().Waiting);
        Assert.Single(lines.Written); // a flood does not fill the log

        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("H-1", Host));
        var next = spool.Next(Partitions.Claims, [], 500, 1_000_000);
        var honest = Assert.Single(next, waiting => waiting.IncidentId == "H-1");
        Assert.Equal(SpoolLimits.MaxClaimsEach + 1, next.Count);
        Assert.All(next.Where(waiting => waiting != honest), waiting => Assert.NotEqual(honest.Queue, waiting.Queue));
        Assert.Equal(["H-1"], spool.Next(Partitions.Claims, [.. next.Where(waiting => waiting != honest).Select(waiting => waiting.Queue).Distinct()], 500, 1_000_000).Select(waiting => waiting.IncidentId));
    }

    [Fact]
    public async Task However_much_many_addresses_send_each_gets_a_turn_per_round()
    {
        for (var address = 0; address < 40; address++)
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(i => KeepAsync($"S-{address}-{i}", Address(address), $"CAP-{address % 12}")));
        }

        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("H-1", Host));
        for (var request = 1; ; request++)
        {
            var next = spool.Next(Partitions.Claims, [], 8, 1_000_000);
            Assert.Equal(8, next.Select(waiting => waiting.Source).Distinct().Count());
            if (next.Any(waiting => waiting.IncidentId == "H-1"))
            {
                break;
            }

            Assert.InRange(request, 1, 5);
            await spool.SettleAsync([.. next.Select(waiting => new Settlement(waiting.Number, 403, "{}"u8.ToArray()))]);
            await Task.WhenAll(next.Select((waiting, i) => KeepAsync($"S-{request}-{i}", IPAddress.Parse(waiting.Source)))); // and more behind them
        }
    }

    [Fact]
    public async Task With_few_addresses_a_request_is_still_full_and_keeps_their_order()
    {
        foreach (var id in Enumerable.Range(0, 20))
        {
            await KeepAsync($"{id}", id % 2 == 0 ? Host : Stranger);
        }

        var next = spool.Next(Partitions.Claims, [], 8, 1_000_000);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7"], next.Select(waiting => waiting.IncidentId).Order());
        Assert.All(next.GroupBy(waiting => waiting.Queue), queue => Assert.Equal(queue.Order(Comparer<Waiting>.Create((a, b) => a.Number.CompareTo(b.Number))), queue));
    }

    [Fact]
    public async Task A_recently_confirmed_sender_goes_before_strangers_and_has_space_of_its_own()
    {
        for (var address = 0; address < 40; address++)
        {
            await Task.WhenAll(Enumerable.Range(0, 2).Select(i => KeepAsync($"S-{address}-{i}", Address(address))));
        }

        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("H-1", Host));
        proven.Add(Assert.Single(spool.Next(Partitions.Claims, [], 500, 1_000_000), waiting => waiting.IncidentId == "H-1").Queue);
        for (var id = 0; id <= SpoolLimits.MaxClaimsEach; id++)
        {
            Assert.Equal(ArrivalVerdict.Kept, await KeepAsync($"H-{id + 2}", Host));
        }

        Assert.Equal(["H-2", "H-3"], spool.Next(Partitions.Proven, [], 2, 1_000_000).Select(waiting => waiting.IncidentId));
        var strangers = spool.Next(Partitions.Claims, [], 500, 1_000_000);
        Assert.All(strangers, waiting => Assert.True(waiting.Source != $"{Host}" || waiting.IncidentId == "H-1"));
    }

    [Fact]
    public async Task However_much_a_proven_address_sends_another_one_has_its_turn_in_the_next_request()
    {
        foreach (var (id, from) in new[] { ("S-0", Stranger), ("H-0", Host) })
        {
            await KeepAsync(id, from);
            var first = Assert.Single(spool.Next(Partitions.Claims, [], 500, 1_000_000));
            proven.Add(first.Queue);
            Assert.Equal(1, await spool.SettleAsync([new Settlement(first.Number, 201, null)]));
        }

        for (var id = 1; id <= 3 * SpoolLimits.MaxClaimsEach; id++)
        {
            Assert.Equal(ArrivalVerdict.Kept, await KeepAsync($"S-{id}", Stranger));
        }

        await KeepAsync("H-1", Host);
        var next = spool.Next(Partitions.Proven, [], 8, 1_000_000);
        Assert.Equal(8, next.Count);
        Assert.Contains(next, waiting => waiting.IncidentId == "H-1");
        var again = spool.Next(Partitions.Proven, [.. next.Select(waiting => waiting.Queue).Distinct()], 8, 1_000_000, isOnly: true);
        Assert.Contains(again, waiting => waiting.IncidentId == "H-1");
    }

    [Fact]
    public async Task One_address_has_a_hundredth_of_the_room_for_strangers()
    {
        using var large = new IncidentSpool(
            new SpoolFile(directory.File("large.db"), cluster.Time), new SpoolLimits(1L << 30, TimeSpan.FromDays(7)), cluster.Time, logs.CreateLogger<IncidentSpool>());
        Task<ArrivalVerdict> PadAsync(string id, IPAddress from) => large.KeepAsync(
            new Arrival($"X 0x1 {from}", "X", id, new byte[64_000], IsVouched: false) { IsWalletClaim = true, Source = $"{from}", Content = System.Text.Encoding.UTF8.GetBytes($"{id} {from}") });
        var verdicts = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => PadAsync($"S-{i}", Stranger)));
        Assert.Equal((1L << 30) / 4 / 100 / 64_000, verdicts.Count(verdict => verdict == ArrivalVerdict.Kept));
        Assert.Equal(ArrivalVerdict.Kept, await PadAsync("H-1", Host));
    }

    [Fact]
    public async Task A_duplicate_of_what_waits_takes_no_space_and_what_leaves_frees_it()
    {
        await Task.WhenAll(Enumerable.Range(0, SpoolLimits.MaxClaimsEach).Select(i => KeepAsync($"S-{i}", Stranger)));
        Assert.Equal(ArrivalVerdict.Duplicate, await KeepAsync("S-0", Stranger));
        Assert.Equal(ArrivalVerdict.QueueFull, await KeepAsync("S-X", Stranger));
        await spool.SettleAsync([new Settlement(spool.Next(Partitions.Claims, [], 1, 1_000_000)[0].Number, 403, "{}"u8.ToArray())]);
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("S-X", Stranger));
    }

    [Fact]
    public async Task A_copy_sent_by_another_does_not_decide_where_the_original_waits()
    {
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("H-1", Stranger)); // byte for byte what the host will send
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("H-1", Host));
        Assert.Equal(ArrivalVerdict.Duplicate, await KeepAsync("H-1", Host));
        Assert.Equal(2, spool.Next(Partitions.Claims, [], 500, 1_000_000).Select(waiting => waiting.Queue).Distinct().Count());
    }

    [Fact]
    public async Task Dead_letters_of_one_address_push_out_only_its_own()
    {
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("H-1", Host));
        await BuryAsync();
        for (var i = 0; i < SpoolLimits.MaxUnvouchedDead + 50; i += 50)
        {
            await Task.WhenAll(Enumerable.Range(i, 50).Select(id => KeepAsync($"S-{id}", Stranger)));
            await BuryAsync();
        }

        var dead = spool.Dead(long.MaxValue, 2_000);
        Assert.Equal(SpoolLimits.MaxUnvouchedDead, dead.Count);
        Assert.Contains(dead, letter => letter.IncidentId == "H-1");
        Assert.DoesNotContain(dead, letter => letter.IncidentId is "S-0" or "S-50");
    }

    private static IPAddress Address(int number) => IPAddress.Parse($"198.51.100.{number}");

    private Task<int> BuryAsync() => spool.SettleAsync([.. spool.Next(Partitions.Claims, [], 500, 10_000_000)
        .Select(waiting => new Settlement(waiting.Number, 403, "{}"u8.ToArray()))]);

    private async Task<ArrivalVerdict> KeepAsync(string id, IPAddress from, string capId = "X")
    {
        var report = TestIncident.Signed(PrivateKey.Create(), capId, id, cluster.Time.GetUtcNow());
        (report["scheme"], report["signer"], report["signature"]) = (FullV2.Scheme, Wallet, "0x01");
        var standing = await new ArrivalJudge(cluster.Lists, proven, cluster.Options, cluster.Time).JudgeAsync(report.Report(), from);
        Assert.Null(standing.Refused);
        return await spool.KeepAsync(standing.ToArrival(report.Report(), report.Bytes(), cluster.Options.Policy.ChainId) with { Source = $"{from}" });
    }
}
