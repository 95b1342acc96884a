using System.Numerics;
using CapOrleans.Core.Signatures;
using CsCheck;

namespace CapOrleans.Tests.Chain.Contract;

/// <summary>
/// Any account may call anything in any order: what the contract accepts, what it refuses and with which error, and
/// what it stores, match a model. So nothing stored is ever replaced, a log has no gap and one writer, and no root
/// changes. On a real chain.
/// </summary>
public sealed class ContractModelTests : IAsyncLifetime
{
    private const string Zero = "0x0000000000000000000000000000000000000000";

    private ContractChain chain = null!;

    public async Task InitializeAsync() => chain = await ContractChain.StartAsync();

    public Task DisposeAsync()
    {
        chain.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task The_contract_behaves_like_the_model()
    {
        var model = new Model($"{chain.Owner.Address}");
        string[] accounts = [model.Owner, .. Enumerable.Range(0, 3).Select(_ => $"{PrivateKey.Create().Address}")];
        var account = Gen.Int[0, accounts.Length - 1].Select(i => accounts[i]);
        var number = Gen.Int[0, 4];
        var call = Gen.Select(Gen.Int[0, 11], account, account, number, number, number).Select(drawn => new Call(drawn.Item1, drawn.Item2, drawn.Item3, drawn.Item4, drawn.Item5, drawn.Item6));
        var refusals = new HashSet<string>();
        await call.Array[60].SampleAsync(async calls =>
        {
            foreach (var (kind, sender, other, a, b, c) in calls)
            {
                var (function, arguments, expected) = kind switch
                {
                    0 => ("setWriter", new object[] { other, a > 1 }, model.SetWriter(sender, other, a > 1)),
                    1 => ("transferOwnership", [other], model.TransferOwnership(sender, other)),
                    2 => ("acceptOwnership", [], model.AcceptOwnership(sender)),
                    3 => ("giveLog", [Key(a), other], model.GiveLog(sender, a, other)),
                    4 => ("storeIncident", [Id(a), "CAP", "agent", "high", Root(b), "N/A"], model.Store(sender, $"i/{Id(a)}")),
                    5 => ("storeAudit", [Id(a), Root(b), "N/A"], model.Store(sender, $"a/{Id(a)}")),
                    _ => Anchor(model, sender, a, b, c),
                };
                Assert.Equal(expected, await chain.RefusalAsync(sender, function, arguments));
                refusals.Add($"{function} {expected}");
            }

            await SameAsync(model, accounts);
        }, iter: 15, threads: 1);

        Assert.Contains("anchorBatch ", refusals); // so some were accepted
    }

    private static (string Function, object[] Arguments, string? Expected) Anchor(Model model, string sender, int log, int step, int ahead)
    {
        var from = model.Logs.GetValueOrDefault(log).Anchored + (step == 4 ? 1 : 0); // now and then a gap
        var (to, size) = (from + (step % 4), from + (step % 4) + ahead - 1);
        var root = step == 3 ? 7 : (int)(size % 5);
        return ("anchorBatch", [Key(log), from, to, Root(root), Math.Max(size, 0), Array.Empty<object>(), Array.Empty<object>()],
            model.Anchor(sender, log, from, to, Math.Max(size, 0), root));
    }

    private async Task SameAsync(Model model, string[] accounts)
    {
        Assert.Equal(Number(model.Owner), await chain.AskAsync("owner"));
        Assert.Equal(Number(model.PendingOwner), await chain.AskAsync("pendingOwner"));
        foreach (var account in accounts)
        {
            Assert.Equal(model.Writers.Contains(account) ? 1 : 0, await chain.AskAsync("writers", account));
        }

        for (var log = 0; log < 5; log++)
        {
            var (writer, anchored) = model.Logs.GetValueOrDefault(log, (Zero, 0));
            Assert.Equal(Number(writer), await chain.AskAsync("logWriters", Key(log)));
            Assert.Equal(anchored, await chain.AskAsync("anchored", Key(log)));
        }

        foreach (var ((log, size), root) in model.Roots)
        {
            Assert.Equal(new BigInteger(Root(root), isUnsigned: true, isBigEndian: true), await chain.AskAsync("roots", Key(log), size));
        }
    }

    private static byte[] Key(int log) => Root(100 + log);

    private static byte[] Root(int number) => [.. new byte[28], .. BitConverter.GetBytes(number + 1)];

    private static string Id(int number) => number == 0 ? "" : $"ID-{number}";

    private static BigInteger Number(string address) => new(Convert.FromHexString(address[2..]), isUnsigned: true, isBigEndian: true);

    private sealed record Call(int Kind, string Sender, string Other, int A, int B, int C);

    /// <summary>Each call returns the name of the error that it is refused with, or null.</summary>
    private sealed class Model(string owner)
    {
        private readonly HashSet<string> stored = [];

        public string Owner { get; private set; } = owner;

        public string PendingOwner { get; private set; } = Zero;

        public HashSet<string> Writers { get; } = [owner];

        public Dictionary<int, (string Writer, long Anchored)> Logs { get; } = [];

        public Dictionary<(int Log, long Size), int> Roots { get; } = [];

        public string? SetWriter(string sender, string writer, bool allowed) => AsOwner(sender, () => _ = allowed ? Writers.Add(writer) : Writers.Remove(writer));

        public string? TransferOwnership(string sender, string next) => AsOwner(sender, () => PendingOwner = next);

        public string? AcceptOwnership(string sender)
        {
            if (sender != PendingOwner)
            {
                return "NotOwner";
            }

            (Owner, PendingOwner) = (sender, Zero);
            return null;
        }

        public string? GiveLog(string sender, int log, string to)
        {
            var (writer, anchored) = Logs.GetValueOrDefault(log, (Zero, 0));
            if (!(sender == writer && Writers.Contains(sender)) && sender != Owner)
            {
                return "NotLogWriter";
            }

            if (!Writers.Contains(to))
            {
                return "NotWriter";
            }

            Logs[log] = (to, anchored);
            return null;
        }

        public string? Store(string sender, string id) =>
            !Writers.Contains(sender) ? "NotWriter" : id.EndsWith('/') ? "EmptyId" : stored.Add(id) ? null : "AlreadyStored";

        public string? Anchor(string sender, int log, long from, long to, long size, int root)
        {
            var (writer, anchored) = Logs.GetValueOrDefault(log, (Zero, 0));
            var refusal = !Writers.Contains(sender) ? "NotWriter"
                : writer != Zero && writer != sender ? "NotLogWriter"
                : from != anchored || to <= from || size < to ? "Gap"
                : Roots.GetValueOrDefault((log, size), root) != root ? "OtherRoot" : null;
            if (refusal is null)
            {
                (Logs[log], Roots[(log, size)]) = ((sender, to), root);
            }

            return refusal;
        }

        private string? AsOwner(string sender, Action change)
        {
            if (sender != Owner)
            {
                return "NotOwner";
            }

            change();
            return null;
        }
    }
}
