using System.Numerics;
using System.Text.Json;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Tests.Chain.Contract;

/// <summary>A token for each CapID, which only the writer changes and no one transfers; on a real chain.</summary>
public sealed class CapNftTests : IAsyncLifetime
{
    private const string CapId = "Z-001", Zero = "0x0000000000000000000000000000000000000000";

    private static readonly BigInteger TokenId = IdOf(CapId);

    private readonly string writer = NewAddress(), holder = NewAddress(), stranger = NewAddress(), key = NewAddress(), second = NewAddress();
    private ContractChain chain = null!;

    private string Owner => $"{chain.Owner.Address}";

    public async Task InitializeAsync()
    {
        Assert.True(EthereumAddress.TryParse(writer, out var address));
        chain = await ContractChain.StartCapNftAsync(address);
    }

    public Task DisposeAsync()
    {
        chain.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Anyone_can_read_who_may_report_for_a_CapID()
    {
        await MirrorAsync(Cap(CapId, holder, 3, (key, 5), (second, 2)));
        var seen = await ReadAsync(key, second, stranger);
        Assert.Equal((CapId, 3, holder, true, 2), (seen.Text("capId"), seen.GetProperty("version").GetInt32(), seen.Text("holder"), seen.GetProperty("locked").GetBoolean(), seen.GetProperty("keys").GetInt32()));
        Assert.Equal(("reporter,admin", "responder", null), (seen.GetProperty("roles").Text(key), seen.GetProperty("roles").Text(second), seen.GetProperty("roles").GetProperty(stranger).GetString()));
        Assert.Equal("[true,false,false]", seen.GetProperty("reporters").ToString());
        Assert.Equal("data:application/json;base64", seen.Text("uri"));
        Assert.Equal((CapId, 3, 2), (seen.GetProperty("metadata").Text("name"), Attribute(seen, 0), Attribute(seen, 1)));
        Assert.Equal("[true,true,true,true,false]", seen.GetProperty("interfaces").ToString()); // ERC-165, 721, its metadata, 5192, and not ffffffff
        static int Attribute(JsonElement seen, int number) => seen.GetProperty("metadata").GetProperty("attributes")[number].GetProperty("value").GetInt32();
    }

    [Fact]
    public async Task Accounts_other_than_the_writer_change_nothing()
    {
        foreach (var sender in (string[])[Owner, stranger, holder])
        {
            Assert.Equal("NotWriter", await chain.RefusalAsync(sender, "mirror", [new[] { Cap(CapId, sender, 1) }]));
        }

        Assert.Equal(0, await VersionAsync());
    }

    [Fact]
    public async Task A_token_cannot_be_transferred_and_no_one_can_be_approved()
    {
        await MirrorAsync(Cap(CapId, holder, 1, (key, 4)));
        foreach (var sender in (string[])[holder, writer, Owner, stranger])
        {
            Assert.Equal("TokenLocked", await chain.RefusalAsync(sender, "transferFrom", holder, stranger, TokenId));
            Assert.Equal("TokenLocked", await chain.RefusalAsync(sender, "safeTransferFrom(address,address,uint256)", holder, stranger, TokenId));
            Assert.Equal("TokenLocked", await chain.RefusalAsync(sender, "safeTransferFrom(address,address,uint256,bytes)", holder, stranger, TokenId, new byte[3]));
            Assert.Equal("TokenLocked", await chain.RefusalAsync(sender, "approve", stranger, TokenId));
            Assert.Equal("TokenLocked", await chain.RefusalAsync(sender, "setApprovalForAll", stranger, true));
            Assert.NotNull(await chain.RefusalAsync(sender, "transferFrom", holder, Zero, TokenId));
        }

        Assert.Equal(Number(holder), await chain.AskAsync("ownerOf", TokenId));
        Assert.Equal(0, await chain.AskAsync("getApproved", TokenId));
        Assert.Equal(0, await chain.AskAsync("isApprovedForAll", holder, stranger));
    }

    [Fact]
    public async Task What_is_not_newer_changes_nothing_and_what_is_newer_replaces_all_of_it()
    {
        await MirrorAsync(Cap(CapId, holder, 2, (key, 1)));
        await MirrorAsync(Cap(CapId, stranger, 2, (second, 7))); // the same version
        await MirrorAsync(Cap(CapId, stranger, 1, (second, 7)));
        var seen = await ReadAsync(key, second);
        Assert.Equal((holder, "reporter", "[2]"), (seen.Text("holder"), seen.GetProperty("roles").Text(key), seen.GetProperty("versions").ToString()));
        await MirrorAsync(Cap(CapId, holder, 3, (key, 3), (second, 4)), Cap(CapId, stranger, 4, (second, 7)), Cap("Z-002", holder, 1));
        seen = await ReadAsync(key, second);
        Assert.Equal((stranger, null, "reporter,responder,admin"), (seen.Text("holder"), seen.GetProperty("roles").GetProperty(key).GetString(), seen.GetProperty("roles").Text(second)));
        Assert.Equal(("[2,3,4]", 2, 1), (seen.GetProperty("versions").ToString(), seen.GetProperty("moves").GetInt32(), seen.GetProperty("locks").GetInt32()));
        Assert.Equal(1, await chain.AskAsync("balanceOf", holder));
    }

    [Fact]
    public async Task Roles_match_only_as_a_whole_and_no_role_matches_nothing()
    {
        await MirrorAsync(Cap(CapId, holder, 1, (key, 5)));
        foreach (var (role, has) in ((int, int)[])[(1, 1), (4, 1), (5, 1), (2, 0), (3, 0), (7, 0), (0, 0), (8, 0)])
        {
            Assert.Equal(has, await chain.AskAsync("hasRole", TokenId, key, role));
        }

        Assert.Equal(0, await chain.AskAsync("hasRole", IdOf("Z-002"), key, 1));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("a\"b", false)]
    [InlineData("a|b", false)]
    [InlineData("a b", false)]
    [InlineData("\u00e4", false)]
    [InlineData("AZaz09._:-", true)]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public async Task Only_a_valid_CapID_gets_a_token(object text, bool isTaken)
    {
        var capId = text as string ?? new string('x', (int)text);
        Assert.Equal(isTaken ? null : "BadCapId", await chain.RefusalAsync(writer, "mirror", [new[] { Cap("Z-009", holder, 1), Cap(capId, holder, 1) }]));
        Assert.Equal(isTaken ? 1 : 0, await chain.AskAsync("versionOf", IdOf("Z-009"))); // all of a transaction, or nothing
    }

    [Fact]
    public async Task A_token_has_a_holder_and_a_missing_token_has_no_data()
    {
        Assert.Equal("ERC721InvalidReceiver", await chain.RefusalAsync(writer, "mirror", [new[] { Cap(CapId, Zero, 1) }]));
        foreach (var function in (string[])["locked", "getCapData", "tokenURI", "ownerOf"])
        {
            Assert.Equal("ERC721NonexistentToken", await chain.RefusalAsync(stranger, function, TokenId));
        }
    }

    [Fact]
    public async Task The_owner_sets_the_writer_and_ownership_is_transferred_in_two_steps()
    {
        Assert.Equal("OwnableUnauthorizedAccount", await chain.RefusalAsync(writer, "setWriter", writer));
        Assert.Equal("OwnerStays", await chain.RefusalAsync(Owner, "renounceOwnership"));
        Assert.Null(await chain.RefusalAsync(Owner, "transferOwnership", second));
        Assert.Equal("OwnableUnauthorizedAccount", await chain.RefusalAsync(stranger, "acceptOwnership"));
        Assert.Equal("OwnableUnauthorizedAccount", await chain.RefusalAsync(second, "setWriter", second)); // offered, but not accepted yet
        Assert.Null(await chain.RefusalAsync(second, "acceptOwnership"));
        Assert.Equal("OwnableUnauthorizedAccount", await chain.RefusalAsync(Owner, "setWriter", Owner));
        Assert.Null(await chain.RefusalAsync(second, "setWriter", second));
        Assert.Equal("NotWriter", await chain.RefusalAsync(writer, "mirror", [new[] { Cap(CapId, holder, 1) }]));
        Assert.Null(await chain.RefusalAsync(second, "mirror", [new[] { Cap(CapId, holder, 1) }]));
    }

    public static object[] Cap(string capId, string holder, long version, params (string Address, int Roles)[] keys) =>
        [capId, holder, version, keys.Select(key => new object[] { Keccak256.Hash(Convert.FromHexString(key.Address[2..])), key.Roles }).ToArray()];

    public static BigInteger IdOf(string capId) => new(Keccak256.Hash(System.Text.Encoding.UTF8.GetBytes(capId)), isUnsigned: true, isBigEndian: true);

    public static BigInteger Number(string address) => new(Convert.FromHexString(address[2..]), isUnsigned: true, isBigEndian: true);

    private Task MirrorAsync(params object[][] caps) => chain.SendAsync(writer, "mirror", [caps]);

    private Task<BigInteger> VersionAsync() => chain.AskAsync("versionOf", TokenId);

    private async Task<JsonElement> ReadAsync(params string[] keys) => JsonElement.Parse(
        await Child.RunAsync("node", [Repository.File("tests", "clients", "read-cap-nft.mjs"), $"{chain.Url}", $"{chain.Address}", CapId, .. keys]));

    private static string NewAddress() => $"{PrivateKey.Create().Address}";
}
