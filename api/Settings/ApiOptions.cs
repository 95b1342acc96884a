using CapOrleans.Api.Access;

namespace CapOrleans.Api.Settings;

/// <param name="OpenReads">Local callers read without a key: only for a service that listens on loopback.</param>
/// <param name="RequestsPerSecondPerAddress">1 to 1,000,000.</param>
/// <param name="OpenId">Whose tokens are taken beside API keys; null for nobody's.</param>
/// <param name="ChainId">The chain that a <c>full-v2</c> signature must name.</param>
/// <param name="OpenRegistration"><c>POST /register_alert</c> needs no key: only for a service that listens on loopback.</param>
/// <param name="SendsMetrics">A collector is sent metrics, and does not ask for them.</param>
public sealed record ApiOptions(bool OpenReads, int RequestsPerSecondPerAddress, long ChainId, OpenIdProvider? OpenId,
    bool OpenRegistration = false, bool SendsMetrics = false);
