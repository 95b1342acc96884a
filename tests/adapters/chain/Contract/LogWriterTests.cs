using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Tests.Chain.Contract;

/// <summary>
/// On a real chain: a log key belongs to the writer that first used it, or to the one it was given to.
/// </summary>
public sealed class LogWriterTests : IAsyncLifetime
{
    private const string Origin = "caporleans/test/0";

    private static readonly byte[] LogKey = Keccak256.Hash("caporleans/test/0"u8);

    private readonly PrivateKey second = PrivateKey.Create(), third = PrivateKey.Create();
    private ContractChain chain = null!;

    private PrivateKey Owner => chain.Owner;

    public async Task InitializeAsync()
    {
        chain = await ContractChain.StartAsync();
        await AllowAsync(second, true);
        await AllowAsync(third, true);
    }

    public Task DisposeAsync()
    {
        chain.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Another_writer_of_the_contract_cannot_anchor_in_a_log_that_is_not_its()
    {
        await AnchorAsync(second, 0, 3);
        var fault = await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(third, 3, 5));
        Assert.Contains("belongs to a writer other than", fault.Message, StringComparison.Ordinal);
        Assert.Contains(third.Address.ToString(), fault.Message, StringComparison.Ordinal);
        await AnchorAsync(third, 0, 1, "caporleans/test/1"); // a log of its own does not matter here
        await AnchorAsync(second, 3, 5);
        Assert.Equal(5, (await chain.Of(third).ReadPositionAsync(Origin, new InMemorySentTransactions(), default)).Position);
    }

    [Fact]
    public async Task A_log_is_given_away_by_its_writer_or_the_owner_and_only_to_a_writer()
    {
        await AnchorAsync(second, 0, 3);
        await GiveAsync(second, third);
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(second, 3, 5));
        await AnchorAsync(third, 3, 5);
        await Assert.ThrowsAsync<RpcErrorException>(() => GiveAsync(second, second)); // this writer no longer owns it
        await Assert.ThrowsAsync<RpcErrorException>(() => GiveAsync(Owner, PrivateKey.Create())); // an account that may not write could not continue it

        // A key whose right the owner has withdrawn cannot give a log away.
        await AllowAsync(third, false);
        await Assert.ThrowsAsync<RpcErrorException>(() => GiveAsync(third, second));
        await GiveAsync(Owner, second);
        await AnchorAsync(second, 5, 6);
    }

    [Fact]
    public async Task A_log_that_the_owner_assigns_before_its_first_batch_cannot_be_taken_by_others()
    {
        await Assert.ThrowsAsync<RpcErrorException>(() => GiveAsync(third, third)); // only the owner can give a log that has no writer yet
        await GiveAsync(Owner, second);
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(third, 0, 1));
        await AnchorAsync(second, 0, 1);
    }

    [Fact]
    public async Task A_batch_that_leaves_a_gap_is_refused_with_the_position_to_continue_at()
    {
        await AnchorAsync(second, 0, 3);
        var fault = await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(second, 4, 5));
        Assert.Contains("at 3", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_root_of_a_size_never_changes()
    {
        Assert.Null(await RefusalAsync(0, 3, 1));
        Assert.Null(await RefusalAsync(3, 5, 1)); // half of a batch that was too large
        Assert.Equal("OtherRoot", await RefusalAsync(5, 8, 2));
        Assert.Null(await RefusalAsync(5, 8, 1));
        Task<string?> RefusalAsync(long from, long to, byte root) => chain.RefusalAsync(
            $"{second.Address}", "anchorBatch", LogKey, from, to, (byte[])[.. new byte[31], root], 9L, Array.Empty<object>(), Array.Empty<object>());
    }

    private Task<AnchorConfirmation> AnchorAsync(PrivateKey writer, long from, long to, string origin = Origin) =>
        chain.AnchorAsync(writer, new AnchorBatch(origin, from, to, new byte[32], to, [], []));

    private Task AllowAsync(PrivateKey writer, bool allowed) => chain.SendAsync($"{Owner.Address}", "setWriter", $"{writer.Address}", allowed);

    private Task GiveAsync(PrivateKey sender, PrivateKey to) => chain.SendAsync($"{sender.Address}", "giveLog", LogKey, $"{to.Address}");
}
