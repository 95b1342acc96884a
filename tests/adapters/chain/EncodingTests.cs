using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Ethereum.Transactions;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Abi;

namespace CapOrleans.Tests.Chain;

public sealed class EncodingTests
{
    public static TheoryData<string, string> Calls => Vectors.Cases("abi.json", "calls");

    public static TheoryData<string, string> Selectors => Vectors.Cases("selectors.json", "cases");

    /// <summary>This system sends type 2 without an access list, and legacy transactions with the chain's id.</summary>
    public static IEnumerable<object[]> Transactions => Vectors.Cases("transactions.json", "cases", "traps").Where(row =>
        JsonElement.Parse((string)row[1]).GetProperty("tx") is var tx && (tx.GetProperty("type").GetInt32() switch
        {
            0 => tx.TryGetProperty("chainId", out _),
            2 => tx.GetProperty("accessList").GetArrayLength() == 0,
            _ => false,
        }));

    [Theory, MemberData(nameof(Calls))]
    public void A_call_is_encoded_as_Ethereum_libraries_do(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var signature = vector.Text("signature");
        var inputs = Split(signature[(signature.IndexOf('(', StringComparison.Ordinal) + 1)..^1]).Select(Input).ToArray();
        var function = new JsonObject { ["type"] = "function", ["name"] = "called", ["inputs"] = new JsonArray(inputs) };
        var arguments = vector.GetProperty("args").EnumerateArray().Zip(Split(signature[(signature.IndexOf('(', StringComparison.Ordinal) + 1)..^1]), Value).ToArray();
        var call = new ContractAbi(JsonElement.Parse(new JsonArray(function).ToJsonString())).Call("called", arguments);
        Assert.True(vector.Text("calldata")[10..] == Convert.ToHexStringLower(call)[8..], name); // after the selector, which depends on the name
    }

    [Theory, MemberData(nameof(Selectors))]
    public void Selectors_and_topics_are_the_hash_of_the_signature(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var hash = Keccak256.Hash(System.Text.Encoding.ASCII.GetBytes(vector.Text("signature")));
        var isEvent = vector.TryGetProperty("topic0", out var topic);
        var expected = (isEvent ? topic : vector.GetProperty("selector")).GetString()![2..];
        Assert.True(expected == Convert.ToHexStringLower(isEvent ? hash : hash[..4]), name);
    }

    [Theory, MemberData(nameof(Transactions))]
    public void A_transaction_is_signed_as_Ethereum_libraries_do(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var tx = vector.GetProperty("tx");
        Assert.True(PrivateKey.TryParse(vector.Text("privateKey"), out var key), name);
        var price = tx.GetProperty("type").GetInt32() == 2
            ? new GasPrice((long)Number(tx, "maxPriorityFeePerGas"), (long)Number(tx, "maxFeePerGas"))
            : new GasPrice(null, (long)Number(tx, "gasPrice"));
        var signed = new ChainTransaction(
            long.Parse(tx.Text("chainId"), CultureInfo.InvariantCulture), tx.GetProperty("nonce").GetInt64(), price, (long)Number(tx, "gasLimit"),
            tx.TryGetProperty("to", out var to) && EthereumAddress.TryParse(to.GetString(), out var address) ? address : null, tx.Hex("data"),
            Number(tx, "value")).Sign(key);
        Assert.Equal(vector.Text("raw")[2..], Convert.ToHexStringLower(signed.Raw));
        Assert.Equal(vector.Text("hash"), signed.Hash);
    }

    private static BigInteger Number(JsonElement tx, string name) => BigInteger.Parse(tx.Text(name), CultureInfo.InvariantCulture);

    private static JsonNode Input(string type)
    {
        if (type[0] != '(')
        {
            return new JsonObject { ["name"] = "", ["type"] = type };
        }

        var end = type.LastIndexOf(')');
        return new JsonObject
        {
            ["name"] = "", ["type"] = $"tuple{type[(end + 1)..]}", ["components"] = new JsonArray([.. Split(type[1..end]).Select(Input)]),
        };
    }

    private static object Value(JsonElement value, string type) => type switch
    {
        _ when type.EndsWith("[]", StringComparison.Ordinal) && type[0] == '(' => value.EnumerateArray().Select(item => (object[])Value(item, type[..^2])).ToArray(),
        _ when type.EndsWith("[]", StringComparison.Ordinal) => value.EnumerateArray().Select(item => Value(item, type[..^2])).ToArray(),
        _ when type[0] == '(' => value.EnumerateArray().Zip(Split(type[1..^1]), Value).ToArray(),
        "string" => value.GetString()!,
        "bytes32" => Vectors.FromHex(value.GetString()!),
        _ => BigInteger.Parse(value.ToString(), CultureInfo.InvariantCulture),
    };

    private static List<string> Split(string types)
    {
        var (depth, start, parts) = (0, 0, new List<string>());
        for (var i = 0; i <= types.Length; i++)
        {
            if (i == types.Length || (types[i] == ',' && depth == 0))
            {
                parts.Add(types[start..i]);
                start = i + 1;
            }
            else
            {
                depth += types[i] == '(' ? 1 : types[i] == ')' ? -1 : 0;
            }
        }

        return [.. parts.Where(part => part.Length > 0)];
    }
}
