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

/// <summary>A log whose next commits of certain entries fail, before or after they are made.</summary>
public sealed class FaultyWriter : IAuditLogWriter, IDisposable
{
    private SqliteLogWriter? real;

    public int Faults { get; set; }

    /// <summary>Prefix of the kinds of entries whose commits fail.</summary>
    public string Prefix { get; set; } = "webhook.";

    public bool IsKept { get; set; }

    /// <summary>Is awaited before a commit that stores deliveries.</summary>
    public Func<Task>? CommittingDeliveries { get; set; }

    public FaultyWriter Over(SqliteLogWriter writer)
    {
        real = writer;
        return this;
    }

    public Task<LogHead> OpenAsync(int log, CancellationToken cancellationToken) => real!.OpenAsync(log, cancellationToken);

    public async Task<(LogHead Head, IReadOnlyList<AppendOutcome> Outcomes)> CommitAsync(int log, LogHead expected,
        IReadOnlyList<Append> batch, CancellationToken cancellationToken)
    {
        if (CommittingDeliveries is { } committing && batch.Any(append => append.Deliveries.Count > 0))
        {
            await committing();
        }

        if (Faults == 0 || !batch.Any(append =>
            append.Entries.Any(entry => entry.Kind.StartsWith(Prefix, StringComparison.Ordinal))))
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
