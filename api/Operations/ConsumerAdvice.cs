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
            "The contract contradicts the log: see docs/chain.md, 'When something is wrong'. Incidents are accepted meanwhile.",
        { Consumer: "anchor" or "mirror" } => "Check RPC_URL and the writer's balance (docs/chain.md); the consumer " +
            "resumes by itself once they " +
            "are in order.",
        { Consumer: "archive" or "export" } => "Check IPFS_API and the archive's disk (docs/operators.md); the " +
            "consumer resumes by itself " +
            "once they are in order.",
        { Consumer: "links" } =>
            "Archived records are missing somewhere: 'cap ipfs check --locations' shows where. They are restored from the log where " +
                "possible.",
        _ => "The receiver must answer 2xx: 'cap webhook list' and 'cap webhook test' show more.",
    };
}
