using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Nethereum.ABI;
using Nethereum.ABI.FunctionEncoding;
using Nethereum.ABI.Model;

namespace CapOrleans.Ethereum.Abi;

/// <summary>An error that a contract reverted with.</summary>
/// <param name="Arguments">In the order in which the contract declares them.</param>
internal sealed record ContractError(string Name, IReadOnlyList<object> Arguments);

/// <summary>
/// A contract's ABI: encodes calls of its functions, names the topics of its events, and decodes results, events and
/// the errors it reverts with. The values are Nethereum's own: <c>byte[]</c>, numbers, text, and <c>object[]</c> for a
/// struct. No attributes on classes: native compilation would strip them.
/// </summary>
internal sealed class ContractAbi
{
    private const int SelectorBytes = 4, WordBytes = 32;

    private static readonly System.Buffers.SearchValues<char> HexDigits = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");

    private readonly Dictionary<string, FunctionABI> functions = [];
    private readonly Dictionary<string, EventABI> events = [];
    private readonly Dictionary<string, ErrorABI> errors = []; // by selector
    private readonly FunctionCallEncoder encoder = new();
    private readonly ParameterDecoder decoder = new();
    private readonly Parameter[] constructorInputs = [];

    /// <param name="abi">The ABI array as the compiler wrote it.</param>
    public ContractAbi(JsonElement abi)
    {
        foreach (var member in abi.EnumerateArray())
        {
            var name = member.TryGetProperty("name", out var named) ? named.GetString()! : "";
            switch (member.GetProperty("type").GetString())
            {
                case "constructor":
                    constructorInputs = Parameters(member);
                    break;
                case "function":
                    var function = new FunctionABI(name, constant: false) { InputParameters = Parameters(member), OutputParameters = Parameters(member, "outputs") };
                    functions.TryAdd(name, function);
                    functions.Add(new SignatureEncoder().GenerateSignature(name, function.InputParameters), function);
                    break;
                case "event":
                    events.Add(name, new EventABI(name) { InputParameters = Parameters(member) });
                    break;
                case "error":
                    var error = new ErrorABI(name) { InputParameters = Parameters(member) };
                    errors.Add(error.Sha3Signature[..(2 * SelectorBytes)], error);
                    break;
            }
        }
    }

    /// <param name="function">Its name, or its signature if the name is overloaded.</param>
    /// <returns>Selector and encoded arguments.</returns>
    public byte[] Call(string function, params object[] arguments)
    {
        var called = functions[function];
        return Convert.FromHexString(encoder.EncodeRequest(called.Sha3Signature, called.InputParameters, arguments).AsSpan(2));
    }

    /// <returns>
    /// The bytes that follow the bytecode in a deployment; empty for a constructor without parameters.
    /// </returns>
    public byte[] ConstructorArguments(params object[] arguments) =>
        constructorInputs.Length == arguments.Length
            ? encoder.EncodeParameters(constructorInputs, arguments)
            : throw new ArgumentException($"The constructor has {constructorInputs.Length} parameters.", nameof(arguments));

    /// <returns>In hex with 0x.</returns>
    public string Topic(string eventName) => $"0x{events[eventName].Sha3Signature}";

    /// <param name="log">As returned by a node.</param>
    /// <returns>The event's members by name.</returns>
    /// <exception cref="FormatException">The log is not one of this event.</exception>
    public Dictionary<string, object> ReadEvent(string eventName, JsonElement log)
    {
        var data = log.GetProperty("data").GetString()!;
        var topics = log.GetProperty("topics").EnumerateArray().Select(topic => (object)topic.GetString()!).ToArray();
        if (data.Length != 2 + (2 * WordBytes * events[eventName].InputParameters.Count(parameter => !parameter.Indexed))
            || topics.Length != 1 + events[eventName].InputParameters.Count(parameter => parameter.Indexed) || !topics.Append(data).All(IsHex))
        {
            throw new FormatException($"This log is not a {eventName} event."); // the decoder would read missing data as zeros
        }

        return new EventTopicDecoder().DecodeDefaultTopics(events[eventName], topics, data)
            .ToDictionary(member => member.Parameter.Name, member => member.Result);
    }

    /// <summary>Reads the result of a call that returns one unsigned number.</summary>
    /// <returns>Null when it is something else.</returns>
    public static BigInteger? ReadWord(string? answer) =>
        answer is { Length: 2 + (2 * WordBytes) } && BigInteger.TryParse($"0{answer.AsSpan(2)}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var word)
            ? word : null;

    /// <returns>The values that the call returned, by name; null when it is not an answer of this function.</returns>
    public Dictionary<string, object>? ReadAnswer(string function, string? answer)
    {
        if (answer is not { Length: >= 2 + (2 * WordBytes) } || !IsHex(answer))
        {
            return null;
        }

        try
        {
            return decoder.DecodeDefaultData(answer[2..], functions[function].OutputParameters).ToDictionary(value => value.Parameter.Name, value => value.Result);
        }
        catch (Exception) // as in ReadError
        {
            return null;
        }
    }

    private static bool IsHex(object value) =>
        ((string)value).StartsWith("0x", StringComparison.Ordinal) && ((string)value).AsSpan(2).IndexOfAnyExcept(HexDigits) < 0;

    /// <param name="data">Revert data in hex with 0x; null for none.</param>
    /// <returns>Null when it is no error of this contract.</returns>
    public ContractError? ReadError(string? data)
    {
        if (data is null || data.Length < 2 + (2 * SelectorBytes) || !errors.TryGetValue(data[2..(2 + (2 * SelectorBytes))].ToLowerInvariant(), out var error))
        {
            return null;
        }

        try
        {
            var arguments = decoder.DecodeDefaultData(data[(2 + (2 * SelectorBytes))..], error.InputParameters);
            return new ContractError(error.Name, arguments.ConvertAll(argument => argument.Result));
        }
        catch (Exception) // the decoder documents no exceptions, and the node may send anything
        {
            return new ContractError(error.Name, []);
        }
    }

    private static Parameter[] Parameters(JsonElement member, string list = "inputs") =>
        member.TryGetProperty(list, out var parameters) ? [.. parameters.EnumerateArray().Select((input, i) => Read(input, i + 1))] : [];

    private static Parameter Read(JsonElement input, int order)
    {
        var parameter = new Parameter(input.GetProperty("type").GetString(), input.GetProperty("name").GetString(), order)
        {
            Indexed = input.TryGetProperty("indexed", out var indexed) && indexed.GetBoolean(),
        };
        if (input.TryGetProperty("components", out var components))
        {
            var type = parameter.ABIType is ArrayType array ? array.ElementType : parameter.ABIType;
            ((TupleType)type).SetComponents([.. components.EnumerateArray().Select((component, i) => Read(component, i + 1))]);
        }

        return parameter;
    }
}
