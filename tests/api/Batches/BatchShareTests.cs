using System.Net;
using System.Reflection;
using System.Text;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using CapOrleans.HttpEdge.Limits;
using Microsoft.Extensions.Logging.Abstractions;
using ApiIntake = CapOrleans.Api.Intake.Intake;

namespace CapOrleans.Tests.Api.Batches;

/// <summary>What one address may have under way, so that calls of others find a turn.</summary>
public sealed class BatchShareTests
{
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
        var caller = new CapOrleans.Api.Intake.Caller(IPAddress.Loopback, "");
        var rulings = lines.Chunk(50).Select(batch => intake.RuleAsync(batch, caller)).ToList();
        for (var done = 0; done < lines.Count; done++)
        {
            await Eventually.TrueAsync(() => cluster.UnderWay == Math.Min(AddressTurns.AtOnce, lines.Count - done));
            cluster.EndOne();
        }

        Assert.All((await Task.WhenAll(rulings)).SelectMany(outcomes => outcomes), outcome => Assert.Equal(403, outcome.Status));
    }

    /// <summary>Grains of incidents that answer when the test wants it.</summary>
    public class Grains : DispatchProxy
    {
        private readonly Lock gate = new();
        private readonly Queue<TaskCompletionSource<IReadOnlyList<SignatureCheck>>> waiting = new();

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
                waiting.Dequeue().SetResult([new SignatureCheck(null, Ruling.Refuse(Verdict.Unauthorised, "signature-mismatch", "signature", "It does not."))]);
            }
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.Name == "GetGrain" && args is [GrainId { Type: var type }, ..] && type.ToString() == CapGrains.IncidentType
                ? Incident.Create(this) : throw new NotSupportedException(targetMethod.Name);

        private Task<IReadOnlyList<SignatureCheck>> ProveAsync()
        {
            lock (gate)
            {
                var answer = new TaskCompletionSource<IReadOnlyList<SignatureCheck>>(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting.Enqueue(answer);
                Most = Math.Max(Most, waiting.Count);
                return answer.Task;
            }
        }

        public class Incident : DispatchProxy
        {
            private Grains grains = null!;

            public static IIncidentGrain Create(Grains grains)
            {
                var made = Create<IIncidentGrain, Incident>();
                ((Incident)(object)made).grains = grains;
                return made;
            }

            protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
                targetMethod!.Name == nameof(IIncidentGrain.ProveAsync) ? grains.ProveAsync() : throw new NotSupportedException(targetMethod.Name);
        }
    }
}
