using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Api.Operations;

/// <summary>Advice for operators about a consumer that makes no progress.</summary>
internal static class ConsumerAdvice
{
    public static Progress Add(Progress consumer) => consumer is { LastError: null, Conflict: false } ? consumer
        : consumer with { Advice = Of(consumer) };

    private static string Of(Progress consumer) => consumer switch
    {
        { Conflict: true, Consumer: "anchor" } =>
            "The contract contradicts the log: see docs/chain.md, 'When the chain contradicts the log'. Incidents are accepted meanwhile.",
        { Consumer: "anchor" or "mirror" } => "See RPC_URL and the writer's balance (docs/chain.md); it goes on by itself when they " +
            "are well.",
        { Consumer: "archive" or "export" } => "See IPFS_API and the disk of the archive (docs/operators.md); it goes on by itself " +
            "when they are well.",
        { Consumer: "links" } =>
            "Archived records are missing somewhere: 'cap ipfs check --locations' shows where. They are put back from the log where " +
                "that can be.",
        _ => "The receiver must answer 2xx: 'cap webhook list' and 'cap webhook test' show more.",
    };
}
