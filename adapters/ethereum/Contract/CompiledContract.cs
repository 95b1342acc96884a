using System.Text.Json;
using CapOrleans.Ethereum.Abi;

namespace CapOrleans.Ethereum.Contract;

/// <summary>A compiled contract that this program was built with.</summary>
internal sealed class CompiledContract
{
    private readonly byte[] bytecode;

    private CompiledContract(string name)
    {
        using var stream = typeof(CompiledContract).Assembly.GetManifestResourceStream($"{name}.json")!;
        using var artifact = JsonDocument.Parse(stream);
        byte[] Code(string member) => Convert.FromHexString(artifact.RootElement.GetProperty(member).GetString().AsSpan(2));
        (Name, Abi) = (name, new ContractAbi(artifact.RootElement.GetProperty("abi")));
        (bytecode, Deployed) = (Code("bytecode"), Code("deployedBytecode"));
    }

    /// <summary>Incidents and roots of logs.</summary>
    public static CompiledContract AuditStorage { get; } = new("CapAuditStorageV2");

    /// <summary>One locked token for each CapID.</summary>
    public static CompiledContract CapNft { get; } = new("CapNFT");

    /// <summary>In its source.</summary>
    public string Name { get; }

    public ContractAbi Abi { get; }

    /// <summary>The code on a chain. Neither contract has immutables, which would make it another there.</summary>
    public byte[] Deployed { get; }

    /// <returns>The data of a transaction that makes one.</returns>
    public byte[] Creation(params object[] arguments) => [.. bytecode, .. Abi.ConstructorArguments(arguments)];
}
