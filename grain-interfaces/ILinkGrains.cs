using CapOrleans.Contracts.Archive;

namespace CapOrleans.GrainInterfaces;

/// <summary>Re-checks what the archive published, by age. Key: the log's number.</summary>
[GrainInterfaceType("cap.link-validator"), Alias("cap.link-validator")]
public interface ILinkValidatorGrain : IGrainWithIntegerKey, IConsumer;

/// <summary>Exports the whole log to IPFS, one range at a time. Key: the log's number.</summary>
[GrainInterfaceType("cap.exporter"), Alias("cap.exporter")]
public interface IExporterGrain : IGrainWithIntegerKey, IConsumer;

/// <summary>
/// Checks CIDs at an operator's request. One grain, key 0, one call at a time, which bounds the requests sent out.
/// </summary>
[GrainInterfaceType("cap.link-check"), Alias("cap.link-check")]
public interface ILinkCheckGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Asks every configured location, and no other, for each CID; nothing is restored. CIDs not asked for within 15
    /// seconds are reported as unknown.
    /// </summary>
    /// <param name="cids">1 to <see cref="ClusterLimits.MaxCheckedLinks"/>, each with a sha2-256 digest.</param>
    /// <returns>One report per CID, in the same order.</returns>
    [Alias("check"), ResponseTimeout("00:01:00")] Task<IReadOnlyList<LinkReport>> CheckAsync(IReadOnlyList<string> cids);
}
