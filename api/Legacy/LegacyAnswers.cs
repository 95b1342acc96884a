using System.Text.Json;

namespace CapOrleans.Api.Legacy;

internal sealed record RegistrationRequest(string Url);

internal sealed record RegistrationAnswer(string Status, string Url);

internal sealed record ErrorAnswer(string Error);

internal sealed record AuditAnswer(string Status, JsonElement Audit);

internal sealed record SummaryAnswer(string Status, Summary Summary);

internal sealed record Summary(string? CapId, string? Timestamp, bool ChainValid, bool Acknowledged, bool Incident);
