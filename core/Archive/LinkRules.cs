using CapOrleans.Contracts.Archive;

namespace CapOrleans.Core.Archive;

public enum LinkVerdict
{
    Undecided = 0,

    /// <summary>A location has it.</summary>
    Found = 1,

    /// <summary>A location that may have it gave no certain answer.</summary>
    AskAgain = 2,

    /// <summary>Every location that gave a certain answer lacks it.</summary>
    Lost = 3,
}

/// <summary>Decides from the answers about one CID.</summary>
public static class LinkRules
{
    /// <summary>
    /// Attempts after which a location that still gave no certain answer is ignored, if another gave one.
    /// </summary>
    public const int MaxAttempts = 3;

    /// <param name="attempt">Number of the attempt, from 1.</param>
    public static LinkVerdict Judge(IReadOnlyList<LocationAnswer> answers, int attempt) =>
        answers.Any(answer => answer.Status == LinkStatus.Ok) ? LinkVerdict.Found
        : !answers.Any(answer => answer.IsCertain) || (attempt < MaxAttempts && answers.Any(answer => !answer.IsCertain)) ? LinkVerdict.AskAgain
        : LinkVerdict.Lost;

    /// <summary>Whether a location of the deployment lacks the block or has other bytes, and needs it again.</summary>
    public static bool WantsRepair(IReadOnlyList<LocationAnswer> answers) => answers.Any(answer => answer is { IsOwn: true,
        Status: LinkStatus.Missing or LinkStatus.Wrong });

    /// <summary>Whether a location of the deployment has it, a gateway does not, and no gateway is known to.</summary>
    public static bool IsNotPublic(IReadOnlyList<LocationAnswer> answers) =>
        answers.Any(answer => answer is { IsOwn: true, Status: LinkStatus.Ok })
        && answers.Any(answer => answer is { IsOwn: false, IsCertain: true })
        && !answers.Any(answer => answer is { IsOwn: false, Status: LinkStatus.Ok });
}
