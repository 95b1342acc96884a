using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace CapOrleans.Grains.AuditLog;

/// <summary>
/// The logs whose writers live in this process. A CapID in the same process as its log appends here without sending a
/// message; otherwise it calls the log's grain. Both end in the same queue.
/// </summary>
internal sealed class LocalLogs
{
    private readonly ConcurrentDictionary<int, GroupCommit> commits = new();

    public bool TryFind(int log, [NotNullWhen(true)] out GroupCommit? commit) => commits.TryGetValue(log, out commit);

    public void Add(int log, GroupCommit commit) => commits[log] = commit;

    /// <summary>Removes this instance only; a successor stays.</summary>
    public void Remove(int log, GroupCommit commit) => commits.TryRemove(new KeyValuePair<int, GroupCommit>(log, commit));
}
