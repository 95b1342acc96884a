using CapOrleans.Contracts.Caps;

namespace CapOrleans.AuditLog;

/// <summary>The incident that was accepted earlier under the same CapID and incident id.</summary>
internal sealed record EarlierIncident(byte[] ContentHash, long Index, byte[] Bytes);

/// <summary>Version of a CapID's newest context; the revision tells histories apart after a restore.</summary>
internal readonly record struct ContextVersion(long Number, long Revision)
{
    public static ContextVersion Of(CapContext context) => new(context.Version, context.Revision);
}

/// <summary>Stored facts that a commit depends on; it fails if another writer has changed them since.</summary>
internal interface ICommitFacts
{
    /// <returns>Zeros when the CapID is not registered.</returns>
    ContextVersion VersionOf(string capId);

    /// <returns>0 when the consumer has no offset.</returns>
    long PositionOf(string consumer);

    EarlierIncident? FindIncident(string capId, string incidentId);
}
