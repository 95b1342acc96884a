using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.MerkleTree;
using Microsoft.Data.Sqlite;

namespace CapOrleans.AuditLog.Sqlite;

/// <summary>One transaction in the making. An append is looked at whole before any row of it is written.</summary>
internal sealed class Commit(int log, SqliteTransaction transaction, CommitStatements statements, MerkleFrontier frontier)
{
    private const decimal ScoreUnits = 10_000m;

    private readonly Dictionary<string, long> versions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Score, long Incidents)> gained = new(StringComparer.Ordinal);

    public AppendOutcome Add(Append append)
    {
        if (append.Fence is { } fence && VersionOf(fence.CapId) != fence.Version)
        {
            return new AppendOutcome(AppendVerdict.StaleContext);
        }

        if (append.Bookmark is { } move && statements.Position(transaction, log, move.Follower) != move.From)
        {
            return new AppendOutcome(AppendVerdict.StaleBookmark);
        }

        var first = frontier.Size;
        if (append.Incident is { } incident && !TryClaim(incident, first, out var earlier))
        {
            return earlier;
        }

        foreach (var entry in append.Entries)
        {
            statements.AddEntry.Run(transaction, log, frontier.Size, entry.Kind, entry.Bytes);
            frontier.Append(MerkleHash.Leaf(entry.Bytes));
        }

        WriteReadModels(append, first);
        return new AppendOutcome(AppendVerdict.Appended, first);
    }

    public LogHead Finish(string origin, long sizeBefore)
    {
        foreach (var (capId, (score, incidents)) in gained)
        {
            statements.AddTotals.Run(transaction, capId, score, incidents);
        }

        var root = frontier.Root();
        if (frontier.Size != sizeBefore
            && statements.MoveHead.Run(transaction, log, frontier.Size, root, frontier.ToBytes(), sizeBefore) != 1)
        {
            throw new LogFencedException($"Log {log} was moved by another writer.");
        }

        return new LogHead(origin, frontier.Size, root);
    }

    private long VersionOf(string capId)
    {
        if (!versions.TryGetValue(capId, out var version))
        {
            version = statements.CapVersion(transaction, capId);
            versions.Add(capId, version);
        }

        return version;
    }

    private bool TryClaim(IncidentRow row, long index, out AppendOutcome earlier)
    {
        earlier = new AppendOutcome(AppendVerdict.Undecided);
        if (statements.AddIncident.Run(
            transaction, Place.Of(log, index), row.CapId, row.IncidentId, row.AuditHash, row.SeverityRank,
            row.AcceptedAt.ToUnixTimeMilliseconds()) == 1)
        {
            var (score, incidents) = gained.GetValueOrDefault(row.CapId);
            gained[row.CapId] = (score + (long)(row.DeltaCap * ScoreUnits), incidents + 1);
            return true;
        }

        using var reader = statements.FindIncident.Query(transaction, row.CapId, row.IncidentId);
        reader.Read();
        earlier = ((byte[])reader["audit_hash"]).AsSpan().SequenceEqual(row.AuditHash)
            ? new AppendOutcome(AppendVerdict.AlreadyThere, (long)reader["idx"], (byte[])reader["bytes"])
            : new AppendOutcome(AppendVerdict.Conflicts);
        return false;
    }

    private void WriteReadModels(Append append, long first)
    {
        if (append.Context is { } context)
        {
            statements.PutCap.Run(transaction, context.CapId, context.Version, CapContextJson.Write(context));
            versions[context.CapId] = context.Version;
        }

        if (append.Bookmark is { } move)
        {
            if (move.To < move.From)
            {
                // What was covered beyond this point is lost and will be covered again.
                statements.DropCovers.Run(transaction, log, append.Cover!.Kind, move.To);
            }

            statements.MoveBookmark.Run(transaction, log, move.Follower, move.To);
        }

        if (append.Cover is { } cover && cover.To > cover.From)
        {
            statements.AddCover.Run(transaction, log, cover.Kind, cover.To, cover.From, first);
        }
    }
}
