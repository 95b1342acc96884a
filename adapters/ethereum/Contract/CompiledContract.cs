using System.Text.Json;
using CapOrleans.Ethereum.Abi;

namespace CapOrleans.Ethereum.Contract;

/// <summary>A compiled contract that is embedded in this program.</summary>
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

    /// <summary>The contract that stores incidents and the roots of logs.</summary>
    public static CompiledContract AuditStorage { get; } = new("CapAuditStorageV2");

    /// <summary>The contract with one locked token for each CapID.</summary>
    public static CompiledContract CapNft { get; } = new("CapNFT");

    /// <summary>Name in the Solidity source.</summary>
    public string Name { get; }

    public ContractAbi Abi { get; }

    /// <summary>Code as deployed. Neither contract has immutables, which deployment would fill in.</summary>
    public byte[] Deployed { get; }

    /// <returns>Data of the transaction that deploys the contract.</returns>
    public byte[] Creation(params object[] arguments) => [.. bytecode, .. Abi.ConstructorArguments(arguments)];
}
