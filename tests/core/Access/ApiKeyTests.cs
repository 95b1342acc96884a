using CapOrleans.Contracts.Access;
using CapOrleans.Core.Access;

namespace CapOrleans.Tests.Core.Access;

public sealed class ApiKeyTests
{
    [Fact]
    public void A_key_is_recognised_by_its_hash_and_printed_nowhere_else()
    {
        var key = ApiKey.Create();
        Assert.True(ApiKey.TryParse(key.Export(), out var read));
        var kept = new OperatorKey(key.Id, "n", OperatorScope.Read, key.Hash, DateTimeOffset.UnixEpoch, null, null);
        Assert.True(read.Matches(kept));
        Assert.False(ApiKey.Create().Matches(kept));
        Assert.Equal("[secret]", key.ToString());
        Assert.DoesNotContain(key.Export()[13..], $"{kept}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("cap_")]
    [InlineData("cap_0123456_0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("cap_01234567-0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("cap_0123456G_0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("cap_01234567_000000000000000000000000000000000000000000000000000000000000000 ")]
    public void A_malformed_key_is_refused(string? text) => Assert.False(ApiKey.TryParse(text, out _));
}
