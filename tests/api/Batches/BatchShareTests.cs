using System.Collections.Frozen;
using System.Net;
using System.Reflection;
using System.Text;
using CapOrleans.Api.Intake;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using CapOrleans.HttpEdge.Limits;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ApiIntake = CapOrleans.Api.Intake.Intake;

namespace CapOrleans.Tests.Api.Batches;

/// <summary>How much one address may have in progress, so that other callers get their turn.</summary>
public sealed class BatchShareTests : IDisposable
{
    private readonly ServiceProvider services =
        new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).BuildServiceProvider();

    public void Dispose() => services.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task The_signature_checks_in_progress_of_one_address_are_bounded_whatever_it_sends(int caps)
    {
        var grains = Grains.Create(out var cluster);
        var intake = new ApiIntake(grains, new AddressTurns(), TimeProvider.System, NullLogger<ApiIntake>.Instance);
        var key = PrivateKey.Create();
        var lines = Enumerable.Range(0, 200).Select(i => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(
            TestIncident.Signed(key, $"CAP-{i % caps}", $"INC-{i}", TimeProvider.System.GetUtcNow()).ToJsonString()))).ToList();
        var caller = new Caller(IPAddress.Loopback, "");
        var rulings = lines.Chunk(50).Select(batch => intake.RuleAsync(batch, FrozenSet<int>.Empty, caller, default)).ToList();
        for (var done = 0; done < lines.Count; done++)
        {
            await Eventually.TrueAsync(() => cluster.UnderWay == Math.Min(AddressTurns.AtOnce, lines.Count - done));
            cluster.EndOne();
        }

        Assert.All((await Task.WhenAll(rulings)).SelectMany(outcomes => outcomes), outcome => Assert.Equal(403, outcome.Status));
    }

    [Fact]
    public async Task What_the_cluster_cancels_is_unavailable_to_a_client_that_is_still_connected()
    {
        var grains = Grains.Create(out var cluster);
        (cluster.Proves, cluster.BreaksOff) = (true, true);
        var intake = new ApiIntake(grains, new AddressTurns(), TimeProvider.System, NullLogger<ApiIntake>.Instance);
        var line = TestIncident.Signed(PrivateKey.Create(), "CAP-1", "INC-1", TimeProvider.System.GetUtcNow()).Bytes();
        Assert.Equal(503, Assert.Single(await intake.RuleAsync([line], FrozenSet<int>.Empty, new Caller(IPAddress.Loopback, ""),
            default)).Status);
    }

    [Fact]
    public async Task Batches_of_few_addresses_give_way_to_that_of_another_whatever_they_wait_for()
    {
        var grains = Grains.Create(out var cluster);
        var intake = new ApiIntake(grains, new AddressTurns(), TimeProvider.System, NullLogger<ApiIntake>.Instance);
        var (key, slots, limit) = (PrivateKey.Create(), new BatchSlots(TimeProvider.System), new AddressRateLimit(1_000_000));
        var aborted = new List<CancellationTokenSource>();
        Task Send(int address, string id)
        {
            var lines = Enumerable.Range(0, 100)
                .Select(i => TestIncident.Signed(key, "CAP-1", $"{id}-{i}", TimeProvider.System.GetUtcNow()).ToJsonString());
            var body = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
            var context = new DefaultHttpContext { Request = { ContentType = BatchLines.ContentType, Body = body }, RequestServices = services };
            context.Connection.RemoteIpAddress = IPAddress.Parse($"192.0.2.{address}");
            context.Features.Set<IHttpRequestLifetimeFeature>(new Lifetime(aborted));
            return BatchEndpoint.AnswerAsync(context, intake, limit, slots);
        }

        // Each address has its maximum of lines in progress; all others wait behind them.
        var held = Enumerable.Range(0, BatchSlots.Bodies).Select(i => Send(1 + (i % 4), $"INC-{i}")).ToList();
        await Eventually.TrueAsync(() => cluster.UnderWay == 4 * AddressTurns.AtOnce);
        var another = Send(9, "INC-9");
        await Eventually.TrueAsync(() => cluster.UnderWay == (4 * AddressTurns.AtOnce) + 100);
        Assert.Single(aborted);
        while (!another.IsCompleted || held.Exists(batch => !batch.IsCompleted))
        {
            await Eventually.TrueAsync(() => cluster.UnderWay > 0 || (another.IsCompleted && held.TrueForAll(batch => batch.IsCompleted)));
            cluster.EndAll();
        }

        await Task.WhenAll([another, .. held]);
    }

    [Fact]
    public async Task The_CapID_look_ups_in_progress_of_one_address_are_bounded_however_many_it_names()
    {
        var grains = Grains.Create(out var cluster);
        cluster.Proves = true;
        var intake = new ApiIntake(grains, new AddressTurns(), TimeProvider.System, NullLogger<ApiIntake>.Instance);
        var key = PrivateKey.Create();
        var lines = Enumerable.Range(0, 200).Select(i => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(
            TestIncident.Signed(key, $"CAP-{i}", "INC-1", TimeProvider.System.GetUtcNow()).ToJsonString()))).ToList();
        var ruling = intake.RuleAsync(lines, FrozenSet<int>.Empty, new Caller(IPAddress.Loopback, ""), default);
        for (var done = 0; done < lines.Count; done++)
        {
            await Eventually.TrueAsync(() => cluster.UnderWay >= Math.Min(AddressTurns.AtOnce, lines.Count - done));
            cluster.EndOne();
        }

        Assert.All(await ruling, outcome => Assert.Equal(404, outcome.Status));
        Assert.Equal(AddressTurns.AtOnce, cluster.Most);
    }

    /// <summary>Records the abort of a request.</summary>
    private sealed class Lifetime(List<CancellationTokenSource> aborted) : IHttpRequestLifetimeFeature
    {
        private readonly CancellationTokenSource source = new();

        public CancellationToken RequestAborted
        {
            get => source.Token;
            set => throw new NotSupportedException();
        }

        public void Abort()
        {
            aborted.Add(source);
            source.Cancel();
        }
    }

    /// <summary>Grains that answer when the test decides.</summary>
    public class Grains : DispatchProxy
    {
        private static readonly Ruling Unknown = Ruling.Refuse(Verdict.CapUnknown, "cap-unknown", "cap_id", "It is not registered.");
        private static readonly SignatureCheck Mismatch =
            new(null, Ruling.Refuse(Verdict.Unauthorised, "signature-mismatch", "signature", "It does not."));

        private readonly Lock gate = new();
        private readonly Queue<Action> waiting = new();

        /// <summary>
        /// Signatures are proven immediately and CapIDs answer when the test decides; if unset, signatures do.
        /// </summary>
        public bool Proves { get; set; }

        /// <summary>CapIDs answer that their work was cancelled, as on a silo that is stopping.</summary>
        public bool BreaksOff { get; set; }

        public int UnderWay
        {
            get
            {
                lock (gate)
                {
                    return waiting.Count;
                }
            }
        }

        public int Most { get; private set; }

        public static IGrainFactory Create(out Grains grains)
        {
            var made = Create<IGrainFactory, Grains>();
            grains = (Grains)(object)made;
            return made;
        }

        public void EndAll()
        {
            lock (gate)
            {
                while (waiting.TryDequeue(out var end))
                {
                    end();
                }
            }
        }

        public void EndOne()
        {
            lock (gate)
            {
                waiting.Dequeue()();
            }
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.Name != "GetGrain" || args is not [GrainId { Type: var type }, ..] ? throw new NotSupportedException(targetMethod.Name)
                : type.ToString() == CapGrains.IncidentType ? Grain<IIncidentGrain>()
                : Grain<ICapGrain>();

        private T Grain<T>()
            where T : class
        {
            var made = Create<T, Answers>();
            ((Answers)(object)made).Grains = this;
            return made;
        }

        private Task<IReadOnlyList<T>> WaitAsync<T>(T result)
        {
            lock (gate)
            {
                var answer = new TaskCompletionSource<IReadOnlyList<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting.Enqueue(() => answer.SetResult([result]));
                Most = Math.Max(Most, waiting.Count);
                return answer.Task;
            }
        }

        public class Answers : DispatchProxy
        {
            public Grains Grains { get; set; } = null!;

            protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => (targetMethod!.Name, args) switch
            {
                (nameof(ICapGrain.AcceptAsync), _) when Grains.BreaksOff => Task.FromException<IReadOnlyList<Ruling>>(new TaskCanceledException()),
                (nameof(ICapGrain.AcceptAsync), _) => Grains.WaitAsync(Unknown),
                (nameof(IIncidentGrain.ProveAsync), [IReadOnlyList<IncidentReport> reports]) when Grains.Proves =>
                    Task.FromResult<IReadOnlyList<SignatureCheck>>([new SignatureCheck(new ProvenReport(reports[0], "identity-v1", "0x1", null), null)]),
                (nameof(IIncidentGrain.ProveAsync), _) => Grains.WaitAsync(Mismatch),
                var (name, _) => throw new NotSupportedException(name),
            };
        }
    }
}
