using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Bench.Chaos;
using CapOrleans.TestHost;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using Npgsql;

namespace CapOrleans.Bench.Anchors;

/// <summary>
/// Runs a service under load whose chain is a real node behind a proxy that injects one random fault after another. At
/// the end the events on the chain are counted: each accepted incident must have exactly one.
/// </summary>
internal sealed class AnchorRun(string folder, TimeSpan length, double perSecond, int seed, TextWriter output)
{
    /// <summary>Time from the start of a fault to the start of the next, and how long a fault lasts.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20), Fault = TimeSpan.FromSeconds(12);

    /// <summary>Time before the first fault, as a baseline.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(30);

    /// <summary>Time for what is still queued after the last fault.</summary>
    private static readonly TimeSpan CatchUp = TimeSpan.FromMinutes(10);

    private const int Confirmations = 5;

    // The node's first account: its key is public, and it has funds on this chain only.
    private const string Writer = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", WriterKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

    /// <returns>Findings, one sentence each; empty when every promise was kept.</returns>
    public async Task<IReadOnlyList<string>> RunAsync()
    {
        var chainPort = Child.FreePort();
        using var chain = await DevChain.StartAsync(chainPort, "--block-time", "1");
        await using var proxy = await FaultyChain.StartAsync(chain.Url, Child.FreePort());
        var contract = await DeployAsync(chain);
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute);
        await using var postgres = await Postgres.StartAsync(Path.Combine(folder, "postgres"));
        var database = await postgres.CreateAsync("anchors");
        await using var cluster = new Cluster(
            Directory.CreateDirectory(Path.Combine(folder, "data")).FullName, database, silos: 0, logs: 1,
            more: new Dictionary<string, string>
            {
                ["RPC_URL"] = proxy.Url.ToString(), ["CONTRACT_ADDRESS"] = contract, ["PRIVATE_KEY"] = WriterKey,
                ["Chain__Confirmations"] = $"{Confirmations}", ["GATE_PORT"] = $"{Child.FreePort()}",
            });
        await cluster.StartAsync();
        using var senders = new Senders(cluster, await cluster.RegisterAsync(8), 48, perSecond);
        senders.Start();
        await Task.Delay(Calm, TimeProvider.System);
        Print($"calm: {senders.Promised.Count / Calm.TotalSeconds:0} incidents/s, longest silence {senders.TakeLongestGap().TotalMilliseconds:0} ms");
        await InjectFaultsAsync(new ChainFaults(proxy, chain, Writer, Fault).All, senders);
        await senders.StopAsync();
        Print($"{senders.Promised.Count} incidents accepted, {senders.Refused503} answers 503, {senders.UnexpectedAnswers.Count} wrong answers; waiting for the anchors");
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString("anchors"));
        List<string> findings = [.. senders.UnexpectedAnswers.Take(20)];
        if (senders.Refused503 > 0)
        {
            findings.Add($"Intake was affected: {senders.Refused503} answers 503.");
        }

        findings.AddRange(await CheckChainAsync(chain, contract, senders));
        findings.AddRange(await CheckLogAsync(source));
        findings.AddRange((await Checker.RunAsync(database, logs: 1, senders.Promised, senders.Offered)).Findings.Take(20));
        return findings;
    }

    private async Task InjectFaultsAsync(IReadOnlyList<Fault> faults, Senders senders)
    {
        var random = new Random(seed);
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < length)
        {
            var (fault, promised) = (faults[random.Next(faults.Count)], senders.Promised.Count);
            await fault.BeginAsync();
            await Task.Delay(fault.Length, TimeProvider.System);
            await fault.EndAsync();
            await Task.Delay(Interval - fault.Length, TimeProvider.System);
            Print(string.Create(
                CultureInfo.InvariantCulture,
                $"{TimeProvider.System.GetElapsedTime(started).TotalSeconds,5:0} s  {fault.Name,-45} {(senders.Promised.Count - promised) / Interval.TotalSeconds,5:0} incidents/s, longest silence {senders.TakeLongestGap().TotalMilliseconds,5:0} ms"));
        }
    }

    private static async Task<string> DeployAsync(DevChain chain)
    {
        var artifact = JsonNode.Parse(await File.ReadAllTextAsync(Repository.File("contracts", "solidity", "CapAuditStorageV2.json")))!;
        var hash = await chain.CallAsync("eth_sendTransaction", new { from = Writer, data = (string)artifact["bytecode"]! });
        for (var i = 0; i < 100; i++)
        {
            var receipt = await chain.CallAsync("eth_getTransactionReceipt", hash.GetString()!);
            if (receipt.ValueKind == JsonValueKind.Object)
            {
                return receipt.GetProperty("contractAddress").GetString()!;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        throw new InvalidOperationException("The contract was not included in a block.");
    }

    /// <summary>Waits until every accepted incident has its event, and counts them.</summary>
    private async Task<IReadOnlyList<string>> CheckChainAsync(DevChain chain, string contract, Senders senders)
    {
        var wanted = senders.Promised.Keys.ToDictionary(name => $"0x{Convert.ToHexStringLower(Keccak256.Hash(Encoding.UTF8.GetBytes(name)))}");
        var topic = $"0x{Convert.ToHexStringLower(Keccak256.Hash("IncidentAnchored(bytes32,bytes32,bytes32,uint64,uint8,int256)"u8))}";
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var seen = new Dictionary<string, int>(StringComparer.Ordinal);
            var height = (long)BigInteger.Parse($"0{(await chain.CallAsync("eth_blockNumber")).GetString()![2..]}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            for (long from = 0; from <= height; from += 50)
            {
                var logs = await chain.CallAsync("eth_getLogs", new { address = contract, fromBlock = $"0x{from:x}", toBlock = $"0x{Math.Min(height, from + 49):x}", topics = new[] { topic } });
                foreach (var key in logs.EnumerateArray().Select(log => log.GetProperty("topics")[1].GetString()!))
                {
                    seen[key] = seen.GetValueOrDefault(key) + 1;
                }
            }

            var (missing, twice) = (wanted.Keys.Count(key => !seen.ContainsKey(key)), wanted.Keys.Count(key => seen.GetValueOrDefault(key) > 1));
            if (missing == 0 || TimeProvider.System.GetElapsedTime(started) > CatchUp)
            {
                Print($"{seen.Count} incidents have their event after another {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s, at block {height}");
                var findings = new List<string>();
                if (missing > 0)
                {
                    findings.Add($"{missing} of {wanted.Count} incidents have no event.");
                }

                if (twice > 0)
                {
                    findings.Add($"{twice} incidents have two events.");
                }

                return findings;
            }

            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        }
    }

    private static async Task<IReadOnlyList<string>> CheckLogAsync(NpgsqlDataSource source)
    {
        await using var command = source.CreateCommand("SELECT kind, count(*) FROM audit_entry WHERE kind IN ($1, $2) GROUP BY kind");
        command.Parameters.Add(new NpgsqlParameter { Value = EntryKinds.AnchorLost });
        command.Parameters.Add(new NpgsqlParameter { Value = EntryKinds.AnchorConflict });
        await using var reader = await command.ExecuteReaderAsync();
        var findings = new List<string>();
        while (await reader.ReadAsync())
        {
            findings.Add($"The log has {reader.GetString(0)} {reader.GetInt64(1)} times, but no anchor with enough " +
                "confirmations was lost.");
        }

        return findings;
    }

    private void Print(FormattableString line) => Print(line.ToString(CultureInfo.InvariantCulture));

    private void Print(string line)
    {
        output.WriteLine(line);
        output.Flush();
    }
}
