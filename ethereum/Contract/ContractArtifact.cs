using System.Text.Json;
using CapOrleans.Ethereum.Abi;

namespace CapOrleans.Ethereum.Contract;

/// <summary>The compiled contract that this program was built with.</summary>
internal static class ContractArtifact
{
    static ContractArtifact()
    {
        using var stream = typeof(ContractArtifact).Assembly.GetManifestResourceStream("CapAuditStorageV2.json")!;
        using var artifact = JsonDocument.Parse(stream);
        Abi = new ContractAbi(artifact.RootElement.GetProperty("abi"));
        Creation = Convert.FromHexString(artifact.RootElement.GetProperty("bytecode").GetString().AsSpan(2));
        Deployed = Convert.FromHexString(artifact.RootElement.GetProperty("deployedBytecode").GetString().AsSpan(2));
    }

    public static ContractAbi Abi { get; }

    public static byte[] Creation { get; }

    public static byte[] Deployed { get; }
}
