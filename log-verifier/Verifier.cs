using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.LogVerifier;

/// <summary>
/// Reads a log from its first entry and recomputes what it records: leaves and root, each request and its signature,
/// whether the signer was a reporter of the CapID at that time, dCap and scores, batches of archive and anchor. Then
/// compares the result with the store's read models, and checks the archived blocks.
/// </summary>
/// <remarks>
/// The log may grow meanwhile. Not checked, since it needs a chain: whether a contract wallet accepted a signature, and
/// what was anchored.
/// </remarks>
/// <param name="blocks">Null to skip the archived blocks.</param>
/// <param name="accepted">Called with each accepted incident, in order.</param>
public sealed class Verifier(IAuditLogReader reader, IBlockStore? blocks = null, Action<VerifiedIncident>? accepted = null)
{
    private const int PageLimit = 1000;

    /// <summary>
    /// Maximum comparisons of totals that differ because the log has grown: in a log that keeps growing they may always
    /// differ.
    /// </summary>
    private const int MaxRounds = 10;

    public async Task<Verification> VerifyAsync(int log, CancellationToken cancellationToken)
    {
        var findings = new Findings(log);
        if (await reader.HeadAsync(log, cancellationToken) is not { } head)
        {
            findings.Add("there is no such log");
            return new Verification(null, findings.All);
        }

        var (replay, stored) = (new LogReplay(head.Origin, findings), new StoreChecks(log, reader, blocks));
        for (var rounds = 1; ; rounds++)
        {
            await ReadAsync(log, replay, head, stored, findings, cancellationToken);
            if (replay.Size != head.Size || !replay.Root().AsSpan().SequenceEqual(head.Root))
            {
                findings.Add($"its head has {head.Size} entries and a root that does not match the {replay.Size} entries found");
                return new Verification(head, findings.All);
            }

            var totals = new Findings(log);
            await stored.CheckTotalsAsync(replay, totals, cancellationToken);
            await stored.CheckEndOfListAsync(replay, totals, cancellationToken);
            var isLonger = (await reader.ReadAsync(log, head.Size, 1, cancellationToken)).Entries.Count > 0;
            var next = (await reader.HeadAsync(log, cancellationToken))!;
            if (next.Size > head.Size && totals.All.Count > 0 && rounds < MaxRounds)
            {
                head = next; // the totals may include what was added meanwhile
                continue;
            }

            if (isLonger && next.Size == head.Size)
            {
                findings.Add($"there are entries beyond its head, which has {head.Size}");
            }

            return new Verification(head, [.. findings.All, .. totals.All]);
        }
    }

    private async Task ReadAsync(
        int log, LogReplay replay, LogHead head, StoreChecks stored, Findings findings, CancellationToken cancellationToken)
    {
        while (replay.Size < head.Size)
        {
            var limit = (int)Math.Min(PageLimit, head.Size - replay.Size);
            var page = (await reader.ReadAsync(log, replay.Size, limit, cancellationToken)).Entries;
            if (page.Count == 0)
            {
                return;
            }

            var incidents = page.Select(replay.Append).OfType<VerifiedIncident>().ToList();
            if (incidents.Count > 0)
            {
                incidents.ForEach(accepted ?? (_ => { }));
                await stored.CheckIncidentsAsync(incidents, findings, cancellationToken);
            }

            await stored.CheckBlocksAsync([.. replay.TakeRecords(replay.Covered(EntryKinds.ArchiveBatched))], findings, cancellationToken);
        }
    }
}
