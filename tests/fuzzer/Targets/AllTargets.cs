using CapOrleans.Fuzz.Engine;

namespace CapOrleans.Fuzz.Targets;

/// <summary>Every parser of untrusted input.</summary>
internal static class AllTargets
{
    public static IReadOnlyList<Target> List { get; } =
        [IncidentTarget.Create(), .. JsonTargets.Create(), .. SignatureTargets.Create(), .. EncodingTargets.Create(), ChainAnswerTarget.Create()];
}
