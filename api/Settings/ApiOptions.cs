using CapOrleans.Api.Access;

namespace CapOrleans.Api.Settings;

/// <param name="OpenReads">
/// Whether local callers may read without a key; only for a service that listens on loopback.
/// </param>
/// <param name="RequestsPerSecondPerAddress">1 to 1,000,000.</param>
/// <param name="OpenId">Provider whose tokens are accepted besides API keys; null for none.</param>
/// <param name="ChainId">The chain that a <c>full-v2</c> signature must name.</param>
/// <param name="OpenRegistration">
/// Whether <c>POST /register_alert</c> needs no key; only for a service that listens on loopback.
/// </param>
/// <param name="SendsMetrics">Whether metrics are pushed to a collector, and not scraped.</param>
public sealed record ApiOptions(bool OpenReads, int RequestsPerSecondPerAddress, long ChainId, OpenIdProvider? OpenId,
    bool OpenRegistration = false, bool SendsMetrics = false);
