using System.Text.Json;

namespace CapOrleans.Contracts.AuditLog;

/// <param name="Next">Pass it as <c>after</c> to get the next page; null on the last page.</param>
public sealed record EntryPage(IReadOnlyList<EntryView> Items, long? Next);

/// <param name="Entry">RFC 8785 canonical JSON; its leaf hash is over exactly these bytes.</param>
public sealed record EntryView(long Index, string Kind, string LeafHash, JsonElement Entry);
