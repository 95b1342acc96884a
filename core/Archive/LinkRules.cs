using CapOrleans.Contracts.Archive;

namespace CapOrleans.Core.Archive;

public enum LinkVerdict
{
    Undecided = 0,

    /// <summary>A location has it.</summary>
    Found = 1,

    /// <summary>A location that may have it could not be asked.</summary>
    AskAgain = 2,

    /// <summary>No location that could be asked has it.</summary>
    Lost = 3,
}

/// <summary>What follows from the answers about one CID.</summary>
public static class LinkRules
{
    /// <summary>After so many looks, a location that could still not be asked counts for nothing.</summary>
    public const int Looks = 3;

    /// <param name="look">From 1.</param>
    public static LinkVerdict Judge(IReadOnlyList<LinkAnswer> answers, int look) =>
        answers.Any(answer => answer.Status == LinkStatus.Ok) ? LinkVerdict.Found
        : !answers.Any(answer => answer.IsCertain) || (look < Looks && answers.Any(answer => !answer.IsCertain)) ? LinkVerdict.AskAgain
        : LinkVerdict.Lost;

    /// <summary>A location of the deployment's own lacks it, and is to be given it again.</summary>
    public static bool WantsRepair(IReadOnlyList<LinkAnswer> answers) => answers.Any(answer => answer is { IsOwn: true, Status: LinkStatus.Missing or LinkStatus.Wrong });

    /// <summary>A location of the deployment's own has it, a gateway does not, and none is known to.</summary>
    public static bool IsNotPublic(IReadOnlyList<LinkAnswer> answers) =>
        answers.Any(answer => answer is { IsOwn: true, Status: LinkStatus.Ok })
        && answers.Any(answer => answer is { IsOwn: false, IsCertain: true })
        && !answers.Any(answer => answer is { IsOwn: false, Status: LinkStatus.Ok });
}
