using System.Text;
using CapOrleans.Gate.Spool;
using Microsoft.Extensions.Logging.Abstractions;

namespace CapOrleans.Tests.Gate;

/// <summary>
/// A captured incident, altered where its signature does not cover it, fills neither the spool nor the dead letters.
/// </summary>
public sealed class SpoolConflictsTests : IDisposable
{
    private static readonly byte[] Problem = "{}"u8.ToArray();

    private readonly TempDirectory directory = new();
    private readonly IncidentSpool spool;

    public SpoolConflictsTests() => spool = new IncidentSpool(
        new SpoolFile(directory.File("spool.db"), TimeProvider.System), new SpoolLimits(1_000_000, TimeSpan.FromDays(7)),
        TimeProvider.System, NullLogger<IncidentSpool>.Instance);

    public void Dispose()
    {
        spool.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Of_the_same_signed_fields_one_waits_and_other_content_conflicts()
    {
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("A", "first", isVouched: false));
        Assert.Equal(ArrivalVerdict.Duplicate, await KeepAsync("A", "first", isVouched: false));
        Assert.Equal(ArrivalVerdict.Conflicts, await KeepAsync("A", "second", isVouched: false));
        Assert.Equal((7, 7), (spool.Count().Bytes, spool.Count().UnvouchedBytes));

        // Now a key list vouches for the same signer.
        Assert.Equal(ArrivalVerdict.Conflicts, await KeepAsync("A", "second"));
        Assert.Equal((7, 0), (spool.Count().Bytes, spool.Count().UnvouchedBytes));
        Assert.Equal("\"first\"", Assert.Single(Next()).Line);
    }

    [Theory]
    [InlineData(409)] // other content was accepted
    [InlineData(403)] // the key was revoked, and the gate's list is outdated
    public async Task Letters_of_one_captured_incident_push_none_out_and_the_first_ten_of_them_stay(int status)
    {
        await KeepAsync("H", "honest");
        await RefuseAsync(400);
        for (var i = 0; i < 20; i++)
        {
            await KeepAsync("A", $"spelling {i}");
            await RefuseAsync(status);
        }

        Assert.Equal(
            [.. Enumerable.Range(0, SpoolLimits.MaxLettersEach).Reverse().Select(i => ("A", $"\"spelling {i}\"", status != 409)), ("H", "\"honest\"", true)],
            spool.Dead(long.MaxValue, 100).Select(letter => (letter.IncidentId, letter.Incident.GetRawText(), letter.IsVouched)));
        Assert.Equal(20 - SpoolLimits.MaxLettersEach, spool.Count().DroppedDead);
    }

    [Fact]
    public async Task Letters_of_one_CapID_s_key_push_out_none_of_another_s()
    {
        await KeepAsync("H", "honest", capId: "SYS-CORE");
        await RefuseAsync(400);
        for (var i = 0; i < SpoolLimits.MaxVouchedDead + 5; i += 500)
        {
            await Task.WhenAll(Enumerable.Range(i, 500).Select(number => KeepAsync($"W-{number}", "stolen", capId: "WEB-01")));
            await RefuseAsync(403);
        }

        Assert.Equal(SpoolLimits.MaxVouchedDead, spool.Count().Dead);
        Assert.Equal("H", Assert.Single(spool.Dead(2, 10)).IncidentId);
    }

    [Fact]
    public async Task Conflicts_are_evicted_with_unvouched_letters()
    {
        await KeepAsync("H", "honest");
        await RefuseAsync(400);
        for (var i = 0; i < SpoolLimits.MaxUnvouchedDead + 5; i += 201)
        {
            await Task.WhenAll(Enumerable.Range(i, 201).Select(number => KeepAsync($"A-{number}", "altered")));
            await RefuseAsync(409);
        }

        Assert.Equal(SpoolLimits.MaxUnvouchedDead + 1, spool.Count().Dead);
        Assert.Equal(["H"], spool.Dead(long.MaxValue, 2_000).Where(letter => letter.IsVouched).Select(letter => letter.IncidentId));
    }

    [Fact]
    public async Task A_letter_stays_while_other_content_under_the_same_signature_waits()
    {
        await KeepAsync("A", "first");
        await RefuseAsync(403);
        await KeepAsync("A", "second");
        var letter = Assert.Single(spool.Dead(long.MaxValue, 10));
        Assert.Equal(RetryVerdict.Conflicts, await spool.RetryAsync(letter.Number));
        Assert.Equal(letter.Number, Assert.Single(spool.Dead(long.MaxValue, 10)).Number);

        await spool.SettleAsync([new Settlement(letter.Number + 1, 201, null)]);
        Assert.Equal(RetryVerdict.Queued, await spool.RetryAsync(letter.Number));
        Assert.Equal("\"first\"", Assert.Single(Next()).Line);
    }

    private Task<ArrivalVerdict> KeepAsync(string id, string text, bool isVouched = true, string capId = "X") => spool.KeepAsync(
        new Arrival("X", capId, id, Encoding.UTF8.GetBytes($"\"{text}\""), isVouched) { Content = new byte[32] });

    private Task<int> RefuseAsync(int status) =>
        spool.SettleAsync([.. Next().Select(waiting => new Settlement(waiting.Number, status, Problem))]);

    private IEnumerable<(long Number, string Line)> Next() =>
        spool.Next(Partitions.Of("X"), [], 500, 1_000_000).Select(waiting => (waiting.Number, Encoding.UTF8.GetString(waiting.Line)));
}
