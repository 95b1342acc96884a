using System.Text.Json;

namespace CapOrleans.Chain.Contract;

/// <summary>The compiled contract that this program was built with.</summary>
internal static class ContractArtifact
{
    static ContractArtifact()
    {
        using var stream = typeof(ContractArtifact).Assembly.GetManifestResourceStream("CapAuditStorageV2.json")!;
        using var artifact = JsonDocument.Parse(stream);
        Creation = Convert.FromHexString(artifact.RootElement.GetProperty("bytecode").GetString().AsSpan(2));
        Deployed = Convert.FromHexString(artifact.RootElement.GetProperty("deployedBytecode").GetString().AsSpan(2));
    }

    public static byte[] Creation { get; }

    public static byte[] Deployed { get; }
}
