using CapOrleans.Core.Signatures;
using CsCheck;

namespace CapOrleans.Tests.Chain.Contract;

/// <summary>
/// Any account may call anything in any order: what CapNFT accepts, what it refuses and with which error, and what each
/// token contains, match a model. So versions only rise, and no token moves unless the writer moves it. On a real
/// chain.
/// </summary>
public sealed class CapNftModelTests : IAsyncLifetime
{
    private const string Zero = "0x0000000000000000000000000000000000000000";

    private readonly string[] accounts = [.. Enumerable.Range(0, 4).Select(_ => $"{PrivateKey.Create().Address}")];
    private ContractChain chain = null!;

    public async Task InitializeAsync()
    {
        Assert.True(EthereumAddress.TryParse(accounts[0], out var writer));
        chain = await ContractChain.StartCapNftAsync(writer);
    }

    public Task DisposeAsync()
    {
        chain.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task The_contract_behaves_like_the_model()
    {
        var model = new Model($"{chain.Owner.Address}", accounts[0]);
        string[] all = [model.Owner, .. accounts];
        var account = Gen.Int[0, all.Length - 1].Select(i => all[i]);
        var number = Gen.Int[0, 7];
        // Half of the calls come from an account that may make them.
        var call = Gen.Select(Gen.Int[0, 9], Gen.Bool, account, account, number, number).Select(drawn => new Call(
            drawn.Item1, drawn.Item2, drawn.Item3, drawn.Item4, drawn.Item5, drawn.Item6));
        var refusals = new HashSet<string>();
        await call.Array[60].SampleAsync(async calls =>
        {
            foreach (var (kind, isAllowed, drawn, other, a, b) in calls)
            {
                var sender = !isAllowed ? drawn : kind < 6 ? model.Writer : kind == 8 && model.PendingOwner != Zero ? model.PendingOwner : model.Owner;
                var token = CapNftTests.IdOf(Id(a % 3));
                var (function, arguments, expected) = kind switch
                {
                    < 4 => Mirror(model, sender, a, b, other),
                    4 => ("transferFrom", new object[] { model.HolderOf(a % 3) ?? sender, other, token }, "TokenLocked"),
                    5 => ("approve", [other, token], "TokenLocked"),
                    6 => ("setWriter", [other], model.SetWriter(sender, other)),
                    7 => ("transferOwnership", [other], model.TransferOwnership(sender, other)),
                    8 => ("acceptOwnership", [], model.AcceptOwnership(sender)),
                    _ => ("renounceOwnership", [], "OwnerStays"),
                };
                Assert.Equal(expected, await chain.RefusalAsync(sender, function, arguments));
                refusals.Add(expected ?? "");
            }

            await SameAsync(model);
        }, iter: 12, threads: 1);
        Assert.Superset(new HashSet<string> { "", "NotWriter", "BadCapId", "ERC721InvalidReceiver", "TokenLocked", "OwnableUnauthorizedAccount", "OwnerStays" }, refusals);
        Assert.NotEmpty(model.Tokens);
    }

    /// <summary>Mirrors two CapIDs, or one twice, and now and then an invalid one.</summary>
    private (string, object[], string?) Mirror(Model model, string sender, int a, int b, string holder)
    {
        var cap = a >= 6 ? 9 : a % 3;
        var version = Math.Max(0, (model.Tokens.GetValueOrDefault(cap)?.Version ?? 0) + ((b + 1) % 3) - 1); // older, the same, newer
        var change = new Change(cap, b == 7 ? Zero : holder, version, b % 4);
        var next = change with { Cap = (a + b) % 3, Version = change.Version + (b % 2), Keys = a % 3, Holder = accounts[b % accounts.Length] };
        return ("mirror", [new[] { change, next }.Select(Encode).ToArray()], model.Mirror(sender, [change, next]));
    }

    private object[] Encode(Change change) => CapNftTests.Cap(Id(change.Cap), change.Holder, change.Version, [.. accounts.Take(change.Keys).Select((key, i) => (key, i + 1))]);

    private async Task SameAsync(Model model)
    {
        Assert.Equal(CapNftTests.Number(model.Owner), await chain.AskAsync("owner"));
        Assert.Equal(CapNftTests.Number(model.PendingOwner), await chain.AskAsync("pendingOwner"));
        Assert.Equal(CapNftTests.Number(model.Writer), await chain.AskAsync("writer"));
        for (var cap = 0; cap < 3; cap++)
        {
            var token = CapNftTests.IdOf(Id(cap));
            Assert.Equal(model.Tokens.GetValueOrDefault(cap)?.Version ?? 0, await chain.AskAsync("versionOf", token));
            if (model.HolderOf(cap) is not { } holder)
            {
                Assert.Equal("ERC721NonexistentToken", await chain.RefusalAsync(accounts[0], "ownerOf", token));
                continue;
            }

            Assert.Equal(CapNftTests.Number(holder), await chain.AskAsync("ownerOf", token));
            for (var key = 0; key < accounts.Length; key++)
            {
                Assert.Equal(key < model.Tokens[cap].Keys ? 1 : 0, await chain.AskAsync("hasRole", token, accounts[key], key + 1));
            }
        }

        foreach (var account in accounts)
        {
            Assert.Equal(model.Tokens.Values.Count(token => token.Holder == account), await chain.AskAsync("balanceOf", account));
        }
    }

    private static string Id(int number) => number == 9 ? "a|b" : $"Z-00{number}";

    private sealed record Call(int Kind, bool IsAllowed, string Sender, string Other, int A, int B);

    /// <param name="Keys">Number of accounts that are keys, each with the role of its number.</param>
    private sealed record Change(int Cap, string Holder, long Version, int Keys);

    /// <summary>Each call returns the name of the error that it is refused with, or null.</summary>
    private sealed class Model(string owner, string writer)
    {
        public string Owner { get; private set; } = owner;

        public string PendingOwner { get; private set; } = Zero;

        public string Writer { get; private set; } = writer;

        public Dictionary<int, Change> Tokens { get; private set; } = [];

        public string? HolderOf(int cap) => Tokens.GetValueOrDefault(cap)?.Holder;

        public string? SetWriter(string sender, string next) => AsOwner(sender, () => Writer = next);

        public string? TransferOwnership(string sender, string next) => AsOwner(sender, () => PendingOwner = next);

        public string? AcceptOwnership(string sender)
        {
            if (sender != PendingOwner)
            {
                return "OwnableUnauthorizedAccount";
            }

            (Owner, PendingOwner) = (sender, Zero);
            return null;
        }

        public string? Mirror(string sender, Change[] changes)
        {
            if (sender != Writer)
            {
                return "NotWriter";
            }

            var next = new Dictionary<int, Change>(Tokens);
            foreach (var change in changes)
            {
                if (change.Version <= (next.GetValueOrDefault(change.Cap)?.Version ?? 0))
                {
                    continue;
                }

                if (change.Cap == 9)
                {
                    return "BadCapId";
                }

                if (change.Holder == Zero)
                {
                    return "ERC721InvalidReceiver";
                }

                next[change.Cap] = change;
            }

            Tokens = next;
            return null;
        }

        private string? AsOwner(string sender, Action change)
        {
            if (sender != Owner)
            {
                return "OwnableUnauthorizedAccount";
            }

            change();
            return null;
        }
    }
}
