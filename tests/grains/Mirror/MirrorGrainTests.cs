using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Contract;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Tests.Grains.Mirror;

/// <summary>A silo that mirrors its CapIDs in a CapNFT on a real chain.</summary>
public sealed class MirrorGrainTests : IAsyncLifetime
{
    private const string CapId = AnchoringSilo.CapId;

    private readonly PrivateKey owner = PrivateKey.Create(), second = PrivateKey.Create();
    private AnchoringSilo silo = null!;
    private EthereumAddress contract;

    public async Task InitializeAsync() => silo = await AnchoringSilo.CreateAsync();

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task A_registration_a_new_key_and_a_revocation_are_on_the_token()
    {
        contract = await silo.UseCapNftAsync(owner);
        await silo.StartAsync();
        await MirroredAsync(1);
        Assert.Equal((1, "reporter", null), await RolesAsync());
        await silo.DefineAsync(silo.Reporter, second);
        await MirroredAsync(2);
        Assert.Equal((2, "reporter", "reporter"), await RolesAsync());
        await silo.DefineAsync(second);
        await MirroredAsync(3);
        Assert.Equal((3, null, "reporter"), await RolesAsync());
        var seen = await ReadAsync();
        Assert.Equal(($"{second.Address}", 2, "[1,2,3]"), (seen.Text("holder"), seen.GetProperty("moves").GetInt32(), seen.GetProperty("versions").ToString()));
        var entries = (await silo.EntriesAsync(EntryKinds.CapMirrored)).Select(entry => JsonElement.Parse(entry).GetProperty("body")).ToList();
        Assert.Equal(3, entries.Count);
        Assert.All(entries, body => Assert.Equal(("[]", $"[\"{CapId}\"]", 31337, $"{contract}"), (body.GetProperty("ahead").ToString(), body.GetProperty("capIds").ToString(), body.GetProperty("chainId").GetInt32(), body.Text("contract"))));
        var receipt = await silo.Chain.CallAsync("eth_getTransactionReceipt", entries[2].Text("transaction")!);
        Assert.Equal((entries[2].Text("blockHash"), $"0x{entries[2].GetProperty("block").GetInt64():x}"), (receipt.Text("blockHash"), receipt.Text("blockNumber")));
    }

    [Fact]
    public async Task Without_a_contract_nothing_is_done()
    {
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1");
        await silo.Mirrorer.NudgeAsync();
        var progress = await silo.Mirrorer.ProgressAsync();
        Assert.Equal((false, 0L, null), (await silo.Mirrorer.IsOnAsync(), progress.Position, progress.LastError));
        Assert.Equal(0, await silo.Reader().PositionAsync(0, "mirror", default));
        Assert.Empty(await silo.EntriesAsync(EntryKinds.CapMirrored));
    }

    [Fact]
    public async Task A_lost_answer_and_a_restart_change_a_token_once()
    {
        contract = await silo.UseCapNftAsync(owner);
        var lossy = new LostAnswer(silo.Mirror);
        silo.Mirror = lossy;
        await silo.StartAsync();
        await MirroredAsync(1);
        Assert.Equal(2, lossy.Sent); // the second changed nothing
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1");
        await silo.DefineAsync(silo.Reporter, second);
        await MirroredAsync(2);
        var seen = await ReadAsync();
        Assert.Equal(("[1,2]", 1, 1), (seen.GetProperty("versions").ToString(), seen.GetProperty("moves").GetInt32(), seen.GetProperty("locks").GetInt32()));
        Assert.Equal(2, (await silo.EntriesAsync(EntryKinds.CapMirrored)).Count);
    }

    [Fact]
    public async Task A_contract_of_another_writer_waits_until_its_owner_names_ours()
    {
        contract = await silo.UseCapNftAsync(owner, second.Address);
        await silo.StartAsync();
        await FailAsync($"{silo.Writer.Address} is not the writer of the CapNFT contract");
        Assert.Equal(0, await silo.Reader().PositionAsync(0, "mirror", default));
        Assert.Empty(await silo.EntriesAsync(EntryKinds.CapMirrored));
        using var http = new HttpClient();
        await new ChainAccount(new JsonRpcClient(http, silo.Chain.Url), new ChainOptions(31337, owner, null, IsDevChain: true), TimeProvider.System)
            .SendAsync(contract, CompiledContract.CapNft.Abi.Call("setWriter", $"{silo.Writer.Address}"), new InMemorySentTransactions(), default);
        await MirroredAsync(1);
        Assert.Equal((1, "reporter", null), await RolesAsync());
        Assert.Null((await silo.Mirrorer.ProgressAsync()).LastError);
    }

    [Theory]
    [InlineData("0x00", "is not a CapNFT; check CAP_NFT_ADDRESS")] // accepts any call and does nothing
    [InlineData("0x5f195f5260205ff3", "is not a CapNFT; check CAP_NFT_ADDRESS")] // returns the highest number
    [InlineData("0x60205ff3", "changed nothing: the contract is not a CapNFT; check CAP_NFT_ADDRESS")] // returns 0 and does nothing
    [InlineData("0x5f5ffd", "is not a CapNFT; check CAP_NFT_ADDRESS")] // refuses everything
    [InlineData("0x", "There is no contract at")]
    public async Task Anything_else_at_the_address_is_reported_and_nothing_counts_as_mirrored(string code, string lastError)
    {
        var address = PrivateKey.Create().Address;
        await silo.Chain.CallAsync("anvil_setCode", $"{address}", code);
        silo.UseCapNft(address);
        await silo.StartAsync();
        await FailAsync(lastError);
        Assert.Empty(await silo.EntriesAsync(EntryKinds.CapMirrored));
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1"); // the other contract is not affected
    }

    [Fact]
    public async Task Another_contract_gets_every_CapID()
    {
        await silo.UseCapNftAsync(owner);
        await silo.StartAsync();
        await MirroredAsync(1);
        contract = await silo.UseCapNftAsync(owner);
        await silo.StartAsync();
        await MirroredAsync(2);
        Assert.Equal((1, "reporter", null), await RolesAsync());
    }

    [Fact]
    public async Task Older_CapIDs_are_mirrored_twenty_at_a_time()
    {
        await silo.StartAsync();
        for (var i = 1; i <= 25; i++)
        {
            await silo.DefineAsync($"Y-{i}", second);
        }

        await silo.DefineAsync("Y-1", second, owner);
        contract = await silo.UseCapNftAsync(owner);
        await silo.StartAsync();
        await MirroredAsync(2);
        Assert.Equal([20, 6], (await CapIdsAsync()).Select(capIds => capIds.Count));
        Assert.Equal([CapId, .. Enumerable.Range(1, 25).Select(i => $"Y-{i}")], (await CapIdsAsync()).SelectMany(capIds => capIds)); // each once, in its current state
    }

    [Fact]
    public async Task What_the_chain_calls_too_large_is_halved()
    {
        const int Few = 1600; // hex digits: two CapIDs
        await silo.StartAsync();
        for (var i = 1; i <= 6; i++)
        {
            await silo.DefineAsync($"Y-{i}", second);
        }

        contract = await silo.UseCapNftAsync(owner);
        silo.Node.Before = (method, parameters, _) => method == "eth_estimateGas" && parameters[0].TryGetProperty("to", out var to) && EthereumAddress.TryParse(to.GetString(), out var called) && called == contract
            && parameters[0].Text("data")!.Length > Few ? FaultyNode.Error(-32000, "gas required exceeds allowance (16777216)") : null;
        await silo.StartAsync();
        await Eventually.TrueAsync(async () =>
        {
            await silo.Mirrorer.NudgeAsync();
            return (await CapIdsAsync()).Sum(capIds => capIds.Count) == 7;
        });
        Assert.All(await CapIdsAsync(), capIds => Assert.InRange(capIds.Count, 1, 2));
    }

    [Fact]
    public async Task A_log_older_than_its_contract_reports_which_CapIDs_are_newer_there()
    {
        contract = await silo.UseCapNftAsync(owner);
        await silo.StartAsync();
        await MirroredAsync(1);
        await silo.StopAsync();
        silo.BackUp();
        await silo.StartAsync();
        for (var version = 2; version <= 5; version++)
        {
            await silo.DefineAsync(version % 2 == 0 ? [silo.Reporter, PrivateKey.Create()] : [silo.Reporter]);
            await MirroredAsync(version);
        }

        await silo.StopAsync();
        silo.Restore();
        await silo.StartAsync();
        await silo.DefineAsync(silo.Reporter, owner);
        await MirroredAsync(2);
        var progress = await silo.Mirrorer.ProgressAsync();
        Assert.Contains($"has newer versions of these CapIDs than the log: {CapId}. Either the log is an older copy", progress.LastError, StringComparison.Ordinal);
        Assert.True(progress.Conflict);
        Assert.Equal((5, "reporter", null), await RolesAsync());
        await silo.StartAsync(); // with the reporter as its only key: version 3
        await MirroredAsync(3);
        Assert.True((await silo.Mirrorer.ProgressAsync()).Conflict);
        contract = await silo.UseCapNftAsync(owner);
        await silo.StartAsync();
        await MirroredAsync(4);
        Assert.False((await silo.Mirrorer.ProgressAsync()).Conflict);
        Assert.Equal((3, "reporter", null), await RolesAsync());
    }

    private async Task MirroredAsync(int entries)
    {
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                await silo.Mirrorer.NudgeAsync();
                return (await silo.EntriesAsync(EntryKinds.CapMirrored)).Count >= entries;
            });
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{await silo.Mirrorer.ProgressAsync()}");
        }
    }

    private Task FailAsync(string part) => Eventually.TrueAsync(async () =>
    {
        await silo.Mirrorer.NudgeAsync();
        return (await silo.Mirrorer.ProgressAsync()).LastError?.Contains(part, StringComparison.Ordinal) == true;
    });

    private async Task<List<List<string>>> CapIdsAsync() =>
        [.. (await silo.EntriesAsync(EntryKinds.CapMirrored)).Select(entry => JsonElement.Parse(entry).GetProperty("body").GetProperty("capIds").EnumerateArray().Select(capId => capId.GetString()!).ToList())];

    private async Task<(int Version, string? Reporter, string? Second)> RolesAsync()
    {
        var seen = await ReadAsync();
        return (seen.GetProperty("version").GetInt32(), seen.GetProperty("roles").GetProperty($"{silo.Reporter.Address}").GetString(), seen.GetProperty("roles").GetProperty($"{second.Address}").GetString());
    }

    private async Task<JsonElement> ReadAsync() => JsonElement.Parse(await Child.RunAsync(
        "node", Repository.File("tests", "clients", "read-cap-nft.mjs"), $"{silo.Chain.Url}", $"{contract}", CapId, $"{silo.Reporter.Address}", $"{second.Address}"));

    /// <summary>Sends for real and then fails once, as when a process dies before it gets the answer.</summary>
    private sealed class LostAnswer(ICapMirror real) : ICapMirror
    {
        public int Sent { get; private set; }

        public MirrorContract? Target => real.Target;

        public async Task<MirrorConfirmation> MirrorAsync(IReadOnlyList<MirroredCap> caps, ISentTransactions sent, CancellationToken cancellationToken)
        {
            var confirmed = await real.MirrorAsync(caps, sent, cancellationToken);
            return ++Sent == 1 ? throw new ChainUnavailableException("The answer was lost.") : confirmed;
        }
    }
}
