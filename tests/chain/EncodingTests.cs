using System.Globalization;
using System.Numerics;
using System.Text.Json;
using CapOrleans.Chain.Abi;
using CapOrleans.Chain.Rlp;
using CapOrleans.Chain.Transactions;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Chain;

public sealed class EncodingTests
{
    public static TheoryData<string, string> RlpItems => Vectors.Cases("rlp.json", "cases");

    public static TheoryData<string, string> RlpIntegers => Vectors.Cases("rlp.json", "integers");

    public static TheoryData<string, string> Calls => Vectors.Cases("abi.json", "calls");

    public static TheoryData<string, string> Selectors => Vectors.Cases("selectors.json", "cases");

    /// <summary>This system sends type 2 without an access list, and nothing else.</summary>
    public static IEnumerable<object[]> Transactions => Vectors.Cases("transactions.json", "cases", "traps").Where(row =>
        JsonElement.Parse((string)row[1]).GetProperty("tx") is var tx && tx.GetProperty("type").GetInt32() == 2
        && tx.GetProperty("accessList").GetArrayLength() == 0);

    [Theory, MemberData(nameof(RlpItems))]
    public void Rlp_encodes_as_Ethereum_libraries_do(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        if (vector.TryGetProperty("valueBytes", out var length))
        {
            var large = RlpItem.Bytes(new byte[int.Parse(length.ToString(), CultureInfo.InvariantCulture)]).Encode();
            Assert.Equal(vector.Text("rlpKeccak256")[2..], Convert.ToHexStringLower(Keccak256.Hash(large)));
            return;
        }

        Assert.True(vector.Text("rlp")[2..] == Convert.ToHexStringLower(Read(vector.GetProperty("value")).Encode()), name);
    }

    [Theory, MemberData(nameof(RlpIntegers))]
    public void Rlp_encodes_integers_without_leading_zeros(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var value = BigInteger.Parse(vector.Text("integer"), CultureInfo.InvariantCulture);
        Assert.True(vector.Text("rlp")[2..] == Convert.ToHexStringLower(RlpItem.Number(value).Encode()), name);
    }

    [Theory, MemberData(nameof(Calls))]
    public void A_call_is_encoded_as_Ethereum_libraries_do(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var signature = vector.Text("signature");
        var types = Split(signature[(signature.IndexOf('(', StringComparison.Ordinal) + 1)..^1]);
        var arguments = vector.GetProperty("args").EnumerateArray().Zip(types, Value).ToList();
        Assert.True(vector.Text("calldata")[2..] == Convert.ToHexStringLower(AbiValue.Call(signature, arguments)), name);
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
        var (raw, hash) = new DynamicFeeTransaction(
            long.Parse(tx.Text("chainId"), CultureInfo.InvariantCulture), tx.GetProperty("nonce").GetInt64(),
            Number(tx, "maxPriorityFeePerGas"), Number(tx, "maxFeePerGas"), (long)Number(tx, "gasLimit"),
            tx.TryGetProperty("to", out var to) && EthereumAddress.TryParse(to.GetString(), out var address) ? address : null, tx.Hex("data"))
        {
            Value = Number(tx, "value"),
        }.Sign(key);
        Assert.Equal(vector.Text("raw")[2..], Convert.ToHexStringLower(raw));
        Assert.Equal(vector.Text("hash")[2..], Convert.ToHexStringLower(hash));
    }

    private static BigInteger Number(JsonElement tx, string name) => BigInteger.Parse(tx.Text(name), CultureInfo.InvariantCulture);

    private static RlpItem Read(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? RlpItem.List([.. value.EnumerateArray().Select(Read)])
        : RlpItem.Bytes(Vectors.FromHex(value.GetString()!));

    private static AbiValue Value(JsonElement value, string type) => type switch
    {
        _ when type.EndsWith("[]", StringComparison.Ordinal) => AbiValue.Array(value.EnumerateArray().Select(item => Value(item, type[..^2]))),
        _ when type[0] == '(' => AbiValue.Tuple([.. value.EnumerateArray().Zip(Split(type[1..^1]), Value)]),
        "string" => AbiValue.Text(value.GetString()!),
        "bytes32" => AbiValue.Bytes32(Vectors.FromHex(value.GetString()!)),
        _ => AbiValue.Number(BigInteger.Parse(value.ToString(), CultureInfo.InvariantCulture)),
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
