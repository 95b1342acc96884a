using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Core.Access;
using CapOrleans.GrainInterfaces;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Access;

public sealed class OperatorsGrainTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_last_admin_stays_and_a_use_is_kept_to_the_minute()
    {
        using var directory = new TempDirectory();
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) => silo.AddCap(directory, _ => new NoChain()));
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        var operators = cluster.Client.GetGrain<IOperatorsGrain>(0);
        var (first, second, reader) = (Key(OperatorScope.Admin), Key(OperatorScope.Admin), Key(OperatorScope.Read));
        Assert.True(await operators.AddAsync(first, Actor.Service));
        Assert.False(await operators.AddAsync(first, Actor.Service));
        Assert.True(await operators.AddAsync(reader, Actor.Service));
        Assert.Equal(RevocationVerdict.LastAdmin, await operators.RevokeAsync(first.Id, Actor.Service));
        Assert.True(await operators.AddAsync(second, Actor.Service));
        Assert.Equal(RevocationVerdict.Revoked, await operators.RevokeAsync(first.Id, Actor.Service));
        Assert.Equal(RevocationVerdict.LastAdmin, await operators.RevokeAsync(second.Id, Actor.Service));
        Assert.Equal(RevocationVerdict.Unknown, await operators.RevokeAsync("nobody", Actor.Service));

        foreach (var (seconds, kept) in new[] { (0, 0), (59, 0), (60, 60) })
        {
            var keys = await operators.ListAsync(new Dictionary<string, DateTimeOffset> { [reader.Id] = Now.AddSeconds(seconds) });
            Assert.Equal(Now.AddSeconds(kept), keys.Single(key => key.Id == reader.Id).LastUsedAt);
        }

        for (var i = 3; i < 256; i++)
        {
            Assert.True(await operators.AddAsync(Key(OperatorScope.Read), Actor.Service));
        }

        Assert.True(await operators.AddAsync(Key(OperatorScope.Read), Actor.Service)); // displaces the first, which was revoked
        Assert.False(await operators.AddAsync(Key(OperatorScope.Read), Actor.Service));
        Assert.DoesNotContain((await operators.ListAsync(new Dictionary<string, DateTimeOffset>())), key => key.Id == first.Id);
    }

    private static OperatorKey Key(OperatorScope scope)
    {
        var key = ApiKey.Create();
        return new OperatorKey(key.Id, "test", scope, key.Hash, Now, null, null);
    }
}
