namespace CapOrleans.Gate;

/// <summary>
/// The environment that an escalation command inherits: the service's, without its secrets and settings.
/// </summary>
internal static class EscalationEnvironment
{
    private static readonly string[] Secrets =
    [
        "PRIVATE_KEY", "KEYSTORE", "KEYSTORE_PASSPHRASE_FILE", "DATABASE_URL", "RPC_URL", "IPFS_API", "IPFS_KEY", "DEV_CHAIN_URL",
        "WEB3_STORAGE_TOKEN", "CAP_TOKEN", "CAP_GATE_TOKEN",
    ];

    private static readonly string[] Prefixes =
    [
        "Api__", "Archive__", "Auth__", "Chain__", "Cluster__", "Gate__", "Intake__", "OTEL_", "Webhooks__",
    ];

    public static void Strip(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(IsSecret).ToList())
        {
            environment.Remove(name);
        }
    }

    private static bool IsSecret(string name) =>
        Secrets.Contains(name, StringComparer.OrdinalIgnoreCase)
        || Array.Exists(Prefixes, prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}
