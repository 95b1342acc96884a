using System.Data.Common;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.Access;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using CapOrleans.Silo;
using Npgsql;

namespace CapOrleans.Tests.Silo;

public sealed class ClusterSetupTests
{
    private readonly CountedTime time = new();
    private readonly PrivateKey reporter = PrivateKey.Create();

    [Fact]
    public async Task A_log_that_moves_to_another_silo_meanwhile_does_not_fail_the_start()
    {
        Queue<Exception> faults = new([new NpgsqlException("57P01"), new LogFencedException("moved"), new TimeoutException()]);
        var (defined, added) = (new List<string>(), 0);
        var setup = new ClusterSetup(
            LoneApi.Grains.Of(new Dictionary<string, Func<object?[], Task>>
            {
                ["ICapGrain.ReadAsync"] = _ => Task.FromResult<CapView?>(null),
                ["ICapGrain.DefineAsync"] = arguments =>
                {
                    defined.Add(((CapDefinition)arguments[0]!).Keys![0].Address!);
                    return faults.TryDequeue(out var fault)
                        ? Task.FromException<CapRuling>(fault)
                        : Task.FromResult(new CapRuling(CapVerdict.Registered, null, null));
                },
                ["IOperatorsGrain.ListAsync"] = _ => Task.FromResult<IReadOnlyList<OperatorKey>>([]),
                ["IOperatorsGrain.AddAsync"] = _ => Task.FromResult(++added == 1),
            }),
            time);
        await RunAsync(setup);
        Assert.Equal(Enumerable.Repeat($"{reporter.Address}", 4), defined);
        Assert.Equal(1, added);
    }

    [Fact]
    public async Task A_database_that_stays_unreachable_ends_the_start_after_ten_retries()
    {
        var asked = 0;
        Task<CapView?> Fail()
        {
            asked++;
            return Task.FromException<CapView?>(new NpgsqlException("gone"));
        }

        var grains = LoneApi.Grains.Of(new Dictionary<string, Func<object?[], Task>> { ["ICapGrain.ReadAsync"] = _ => Fail() });
        var setup = new ClusterSetup(grains, time);
        await Assert.ThrowsAnyAsync<DbException>(() => RunAsync(setup));
        Assert.Equal(11, asked);
    }

    private async Task RunAsync(ClusterSetup setup)
    {
        var ensured = setup.EnsureAsync("Z-001", reporter.Address, ApiKey.Create, default);
        for (var waits = 0; !ensured.IsCompleted; waits++)
        {
            await Eventually.TrueAsync(() => ensured.IsCompleted || time.Timers > waits);
            time.Advance(TimeSpan.FromSeconds(5));
        }

        await ensured;
    }
}
