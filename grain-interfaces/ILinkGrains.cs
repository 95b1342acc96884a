using CapOrleans.Contracts.Archive;

namespace CapOrleans.GrainInterfaces;

/// <summary>Looks again, by age, for what the archive put out. Key: the log's number.</summary>
[GrainInterfaceType("cap.link-validator"), Alias("cap.link-validator")]
public interface ILinkValidatorGrain : IGrainWithIntegerKey, IConsumer;

/// <summary>Puts the whole log onto IPFS, a range at a time. Key: the log's number.</summary>
[GrainInterfaceType("cap.exporter"), Alias("cap.exporter")]
public interface IExporterGrain : IGrainWithIntegerKey, IConsumer;

/// <summary>Looks for CIDs when an operator asks. One grain, key 0, one call at a time: so few requests go out at once.</summary>
[GrainInterfaceType("cap.link-check"), Alias("cap.link-check")]
public interface ILinkCheckGrain : IGrainWithIntegerKey
{
    /// <summary>Asks every configured location, and no other, for each of them; nothing is put back. What was not asked within 15 seconds is unknown.</summary>
    /// <param name="cids">1 to <see cref="ClusterLimits.CheckedLinks"/>, each over sha2-256.</param>
    /// <returns>In their order.</returns>
    [Alias("check"), ResponseTimeout("00:01:00")] Task<IReadOnlyList<LinkReport>> CheckAsync(IReadOnlyList<string> cids);
}
