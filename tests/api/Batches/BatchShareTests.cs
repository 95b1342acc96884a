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

/// <summary>What one address may have under way, so that calls of others find a turn.</summary>
public sealed class BatchShareTests : IDisposable
{
    private readonly ServiceProvider services =
        new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).BuildServiceProvider();

    public void Dispose() => services.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task One_address_has_so_many_signatures_checked_at_once_however_many_batches_and_CapIDs_it_sends(int caps)
    {
        var grains = Grains.Create(out var cluster);
        var intake = new ApiIntake(grains, new AddressTurns(), TimeProvider.System, NullLogger<ApiIntake>.Instance);
        var key = PrivateKey.Create();
        var lines = Enumerable.Range(0, 200).Select(i => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(
            TestIncident.Signed(key, $"CAP-{i % caps}", $"INC-{i}", TimeProvider.System.GetUtcNow()).ToJsonString()))).ToList();
        var caller = new Caller(IPAddress.Loopback, "");
        var rulings = lines.Chunk(50).Select(batch => intake.RuleAsync(ApiIntake.Read(batch), caller)).ToList();
        for (var done = 0; done < lines.Count; done++)
        {
            await Eventually.TrueAsync(() => cluster.UnderWay == Math.Min(AddressTurns.AtOnce, lines.Count - done));
            cluster.EndOne();
        }

        Assert.All((await Task.WhenAll(rulings)).SelectMany(outcomes => outcomes), outcome => Assert.Equal(403, outcome.Status));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Batches_that_may_wait_for_wallets_give_way_to_another_address_and_others_do_not(bool mayWait)
    {
        var grains = Grains.Create(out var cluster);
        var intake = new ApiIntake(grains, new AddressTurns(), TimeProvider.System, NullLogger<ApiIntake>.Instance);
        var (key, places, limit) = (PrivateKey.Create(), new BatchPlaces(TimeProvider.System), new AddressRateLimit(1_000_000));
        var aborted = 0;
        (HttpContext Context, Task Answer) Send(int address, string id)
        {
            var incident = TestIncident.Signed(key, "CAP-1", id, TimeProvider.System.GetUtcNow());
            var body = new MemoryStream((mayWait ? incident.SignFull(key) : incident).Bytes());
            var context = new DefaultHttpContext { Request = { ContentType = BatchLines.ContentType, Body = body }, RequestServices = services };
            context.Connection.RemoteIpAddress = IPAddress.Parse($"192.0.2.{address}");
            context.Features.Set<IHttpRequestLifetimeFeature>(new Lifetime(() => Interlocked.Increment(ref aborted)));
            return (context, BatchEndpoint.AnswerAsync(context, intake, limit, places));
        }

        var held = Enumerable.Range(0, BatchPlaces.Bodies).Select(i => Send(1 + (i % 4), $"INC-{i}")).ToList();
        await Eventually.TrueAsync(() => cluster.UnderWay == held.Count);
        var (context, answer) = Send(9, "INC-9");
        if (mayWait)
        {
            await Eventually.TrueAsync(() => cluster.UnderWay == held.Count + 1);
        }
        else
        {
            await answer;
            Assert.Equal(429, context.Response.StatusCode);
        }

        Assert.Equal(mayWait ? 1 : 0, aborted);
        for (var left = held.Count + (mayWait ? 1 : 0); left > 0; left--)
        {
            await Eventually.TrueAsync(() => cluster.UnderWay > 0);
            cluster.EndOne();
        }

        await Task.WhenAll([answer, .. held.Select(batch => batch.Answer)]);
    }

    [Fact]
    public async Task One_address_has_so_many_CapIDs_looked_for_at_once_however_many_it_names()
    {
        var grains = Grains.Create(out var cluster);
        cluster.Proves = true;
        var intake = new ApiIntake(grains, new AddressTurns(), TimeProvider.System, NullLogger<ApiIntake>.Instance);
        var key = PrivateKey.Create();
        var lines = Enumerable.Range(0, 200).Select(i => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(
            TestIncident.Signed(key, $"CAP-{i}", "INC-1", TimeProvider.System.GetUtcNow()).ToJsonString()))).ToList();
        var ruling = intake.RuleAsync(ApiIntake.Read(lines), new Caller(IPAddress.Loopback, ""));
        for (var done = 0; done < lines.Count; done++)
        {
            await Eventually.TrueAsync(() => cluster.UnderWay >= Math.Min(AddressTurns.AtOnce, lines.Count - done));
            cluster.EndOne();
        }

        Assert.All(await ruling, outcome => Assert.Equal(404, outcome.Status));
        Assert.Equal(AddressTurns.AtOnce, cluster.Most);
    }

    /// <summary>Grains that answer when the test wants it.</summary>
    private sealed class Lifetime(Action abort) : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; }

        public void Abort() => abort();
    }

    public class Grains : DispatchProxy
    {
        private static readonly Ruling Unknown = Ruling.Refuse(Verdict.CapUnknown, "cap-unknown", "cap_id", "It is not registered.");
        private static readonly SignatureCheck Mismatch =
            new(null, Ruling.Refuse(Verdict.Unauthorised, "signature-mismatch", "signature", "It does not."));

        private readonly Lock gate = new();
        private readonly Queue<Action> waiting = new();

        /// <summary>Signatures are proven at once, and CapIDs answer when the test wants it; otherwise the signatures.</summary>
        public bool Proves { get; set; }

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
                (nameof(ICapGrain.AcceptAsync), _) => Grains.WaitAsync(Unknown),
                (nameof(IIncidentGrain.ProveAsync), [IReadOnlyList<IncidentReport> reports]) when Grains.Proves =>
                    Task.FromResult<IReadOnlyList<SignatureCheck>>([new SignatureCheck(new ProvenReport(reports[0], "identity-v1", "0x1", null), null)]),
                (nameof(IIncidentGrain.ProveAsync), _) => Grains.WaitAsync(Mismatch),
                var (name, _) => throw new NotSupportedException(name),
            };
        }
    }
}
