using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Support;

/// <summary>A CapID as the cluster describes it to a gate.</summary>
public static class TestKeyList
{
    /// <param name="reporters">The keys that may report for it.</param>
    public static object Of(string capId, params PrivateKey[] reporters) => new
    {
        capId, version = 1, displayName = capId, capPotential = 50, phi = 1.2, psi = 0.9, score = 0, incidents = 0, origin = "o",
        keys = reporters.Select(key => new
        {
            address = $"{key.Address}", roles = new[] { "reporter" }, notBefore = (string?)null,
            notAfter = (string?)null, revokedAt = (string?)null,
        }),
        policy = new
        {
            requireFullSignature = false, selfFeedback = "allow", pagingFloor = "high", maxBehindSeconds = 604800, maxAheadSeconds = 300,
            deltaCapLimit = 10, reportsPerMinute = 6000,
        },
    };
}
