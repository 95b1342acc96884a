using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Grains.Archive;

namespace CapOrleans.Tests.Grains.Archive;

/// <summary>A range so long that its index is split into parts, in a single CAR.</summary>
public sealed class LogExportTests : IDisposable
{
    private const int Count = 5000;

    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task The_CAR_contains_every_part_of_the_index_and_every_entry()
    {
        using var writer = new SqliteLogWriter(SqliteDatabase.Open(directory.File("log.db"), 1));
        var head = await writer.OpenAsync(0, default);
        var entries = Enumerable.Range(0, Count).Select(i => Entry.Write(
            EntryKinds.PolicyChanged, head.Origin, DateTimeOffset.UnixEpoch, new CanonicalObject().Add("capId", $"CAP-{i}"))).ToList();
        (head, _) = await writer.CommitAsync(0, head, [new Append { Entries = entries }], default);

        var reader = new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db"), 1));
        var export = await LogExport.ReadAsync(reader, 0, new ExportRange(head.Origin, 0, Count, head.Root), default);
        var car = new MemoryStream();
        Assert.Equal(await export.WriteAsync(reader, 0, car, default), car.Length);
        await File.WriteAllBytesAsync(directory.File("export.car"), car.ToArray());
        var read = System.Text.Json.JsonElement.Parse(
            await Child.RunAsync("node", Repository.File("tests", "clients", "read-car.mjs"), directory.File("export.car")));
        Assert.Equal(2, export.Parts.Count);
        Assert.Equal((export.Index.Cid.Text, Count + 2 + 1), (read.Text("root"), read.GetProperty("blocks").GetInt32()));
        Assert.Equal(
            entries.Select(entry => Convert.ToBase64String(entry.Bytes)),
            read.GetProperty("entries").EnumerateArray().Select(entry => entry.GetString()));
    }
}
