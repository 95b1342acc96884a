using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.Caps;

/// <summary>Refusals of changes whose reason is not the form of the request.</summary>
public static class CapRefusals
{
    private const string Unknown = "cap-unknown", NotAuthorised = "signer-not-authorised", ForOperators = "operator-only",
        Stale = "stale-version", Last = "last-admin-key", Revoked = "key-revoked", NoIncident = "incident-unknown", Full = "too-many-keys";

    public static Refusal CapUnknown { get; } = new(Unknown, "capId", "The CapID is not registered.");

    public static Refusal IncidentUnknown { get; } = new(NoIncident, "incidentId", "The incident must be accepted under this CapID.");

    public static Refusal Busy { get; } = new("busy", "", "Concurrent changes of the CapID got in the way, or the " +
        "log's queue is full; retry.");

    /// <param name="perMinute">Maximum number of signed changes per minute.</param>
    public static Refusal TooManyChanges(int perMinute) =>
        new("too-many-changes", "", $"Admin keys may change a CapID at most {perMinute} times per minute.");

    internal static Refusal OperatorOnly { get; } =
        new(ForOperators, "change.policy", "selfFeedback, deltaCapLimit and reportsPerMinute limit the CapID itself: " +
            "only an operator may change them.");

    internal static Refusal LastAdminKey { get; } = new(Last, "keys", "The last active admin key of a CapID cannot be " +
        "removed: add another first. A request that lists all keys must include an admin; 'cap key' changes a single key.");

    internal static Refusal TooManyKeys { get; } =
        new(Full, "keys", $"A CapID may have at most {CapChange.MaxKeysEver} keys in its lifetime, including revoked " +
            "ones: register another CapID.");

    internal static Refusal KeyRevoked { get; } = new(Revoked, "address", "A revoked key stays revoked; create a new one.");

    public static Ruling OtherContent { get; } =
        Ruling.Refuse(Verdict.Conflicts, "conflict", "task_id", "An incident id can be used only once per CapID; " +
            "different content was accepted under it.");

    /// <param name="wait">Time until one more report is accepted.</param>
    public static Ruling TooMany(int perMinute, TimeSpan wait) => new(
        Verdict.TooMany, null, new Refusal("too-many-reports", "signature", $"The CapID's policy lets each reporter send {perMinute} incidents per minute."), wait);

    public static Refusal StaleVersion(long? version) => new(Stale, "afterVersion", $"The context's version is {version}.");

    private static Refusal IsResolved { get; } = new("incident-resolved", "incidentId", "The incident is resolved: reopen it first.");

    private static Refusal Superseded { get; } = new("incident-changed", "timestamp",
        "The incident was reopened, resolved or paged again after this was signed: check it, and sign again.");

    private static Refusal UpdatesFull { get; } = new("updates-full", "incidentId",
        
        $"An incident has at most {IncidentUpdates.MaxByKeys} updates by keys, {IncidentUpdates.MaxByOneKey} by one of them, and " +
            $"{IncidentUpdates.MaxWithOperators} in all.");

    /// <summary>
    /// Whether the update resolves an incident that is not resolved, which the limits of updates do not
    /// prevent: as often as it was reopened.
    /// </summary>
    private static bool ResolvesOpenIncident(IReadOnlyList<IncidentUpdateView> before, ProvenUpdate update) =>
        update.Request.Action == UpdateAction.Resolve && IncidentUpdates.StateOf(before) != IncidentUpdates.Resolved;

    /// <param name="before">The incident's updates, in order.</param>
    /// <param name="page">The newest page; null for none.</param>
    /// <returns>Why the incident in its present state refuses the update; null when it accepts it.</returns>
    public static Refusal? RefusalOf(IReadOnlyList<IncidentUpdateView> before, ProvenUpdate update, NewestPage? page) =>
        !ResolvesOpenIncident(before, update) && (before.Count >= (update.SignedAt is null ? IncidentUpdates.MaxWithOperators : IncidentUpdates.MaxByKeys)
            || (update.SignedAt is not null && before.Count(known => known.By == update.By) >= IncidentUpdates.MaxByOneKey)) ? UpdatesFull
        : IncidentUpdates.IsSuperseded(before, update, page) ? Superseded
        : update.Request.Action == UpdateAction.Acknowledge && IncidentUpdates.StateOf(before) == IncidentUpdates.Resolved ? IsResolved
        : null;

    /// <param name="perMinute">Maximum number of signed updates per minute.</param>
    public static Refusal TooManyUpdates(int perMinute) =>
        new("too-many-updates", "", $"Keys may update the incidents of a CapID at most {perMinute} times per minute.");

    internal static Refusal NotAResponder(string signer, UpdateAction action) => new(NotAuthorised, "signature",
        $"The signer {signer} must be an active {IncidentUpdates.ResponderRole} key of the CapID" + action switch
        {
            UpdateAction.Resolve => ", or the incident's own reporter.",
            UpdateAction.Respond => $", or an active {Authority.AdminRole} key.",
            _ => ".",
        });

    internal static Refusal NotAnAdmin(string signer) =>
        new(NotAuthorised, "signature", $"The signer {signer} must be an active {Authority.AdminRole} key of the CapID.");

    public static CapVerdict VerdictOf(Refusal refusal) => refusal.Type switch
    {
        Unknown or NoIncident => CapVerdict.Unknown,
        NotAuthorised or ForOperators => CapVerdict.Unauthorised,
        Stale or Last or Revoked or Full => CapVerdict.Conflicts,
        _ => CapVerdict.Malformed,
    };
}
