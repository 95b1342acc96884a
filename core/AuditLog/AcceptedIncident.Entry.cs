using System.Globalization;
using System.Text.Json;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Archive;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.DeltaCap;

namespace CapOrleans.Core.AuditLog;

/// <summary>Writes and reads the entry.</summary>
public sealed partial record AcceptedIncident
{
    public EntryDraft ToEntry(string origin) => Entry.Write(EntryKinds.IncidentAccepted, origin, AcceptedAt, Body());

    private CanonicalObject Body() => new CanonicalObject()
        .Add("agent", Agent)
        .Add("auditHash", AuditHash)
        .Add("capId", CapId)
        .Add("capPotential", DecimalText.Of(CapPotential))
        .Add("chainId", ChainId?.ToString(CultureInfo.InvariantCulture))
        .Add("cid", Cid.Text)
        .Add("contextVersion", ContextVersion)
        .Add("deltaCap", DecimalText.Of(DeltaCap))
        .Add("deltaCapLimit", DecimalText.Of(DeltaCapLimit))
        .Add("description", Description)
        .Add("feedback", DecimalText.Of(Feedback))
        .AddIfPresent("group", Describe(Group))
        .Add("incidentId", IncidentId)
        .AddIfPresent("integration", Describe(Integration))
        .Add("misuse", DecimalText.Of(Misuse))
        .Add("pagingFloor", PagingFloor)
        .Add("phi", DecimalText.Of(Phi))
        .Add("psi", DecimalText.Of(Psi))
        .Add("request", Request)
        .Add("scheme", Scheme)
        .Add("selfFeedback", SelfFeedback)
        .Add("severity", Severity)
        .Add("signer", Signer)
        .Add("timestamp", TimestampText)
        .Add("walletBlock", WalletBlock?.ToString(CultureInfo.InvariantCulture))
        .Add("walletBlockHash", WalletBlockHash)
        .Add("weight", DecimalText.Of(Weight));

    /// <param name="entry">Bytes of an <c>incident.accepted</c> entry.</param>
    public static AcceptedIncident Read(ReadOnlyMemory<byte> entry)
    {
        using var document = JsonDocument.Parse(entry);
        var body = document.RootElement.GetProperty("body");
        string Text(string name) => body.GetProperty(name).GetString()!;
        decimal Number(string name) => DecimalText.Read(Text(name));
        long? Optional(string name) =>
            body.GetProperty(name).GetString() is { } number ? long.Parse(number, CultureInfo.InvariantCulture) : null;
        return new AcceptedIncident
        {
            Request = Text("request"),
            IncidentId = Text("incidentId"),
            CapId = Text("capId"),
            Agent = Text("agent"),
            TimestampText = Text("timestamp"),
            Description = Text("description"),
            Severity = Text("severity"),
            Scheme = Text("scheme"),
            ChainId = Optional("chainId"),
            Signer = body.GetProperty("signer").GetString(),
            WalletBlock = Optional("walletBlock"),
            WalletBlockHash = body.GetProperty("walletBlockHash").GetString(),
            Feedback = Number("feedback"),
            Misuse = Number("misuse"),
            CapPotential = Number("capPotential"),
            Phi = Number("phi"),
            Psi = Number("psi"),
            DeltaCap = Number("deltaCap"),
            DeltaCapLimit = Number("deltaCapLimit"),
            SelfFeedback = Text("selfFeedback"),
            PagingFloor = Text("pagingFloor"),
            ContextVersion = body.GetProperty("contextVersion").GetInt64(),
            AuditHash = Text("auditHash"),
            AcceptedAt = Entry.ReadInstant(document.RootElement.GetProperty("at").GetString()!),
            Group = body.TryGetProperty("group", out var group) ? ReadGroup(group) : null,
            Integration = body.TryGetProperty("integration", out var integration)
                ? new IntegrationReference(integration.GetProperty("id").GetString()!, integration.GetProperty("name").GetString()!)
                : null,
        };
    }

    public static CanonicalObject? Describe(IncidentGroup? group) => group is null ? null
        : (group.Count is { } count ? new CanonicalObject().Add("count", count) : new CanonicalObject())
            .Add("first", group.First).Add("id", group.Id).Add("isNew", group.IsNew).Add("key", group.Key).Add("rule", group.Rule);

    public static CanonicalObject? Describe(IntegrationReference? integration) => integration is null ? null
        : new CanonicalObject().Add("id", integration.Id).Add("name", integration.Name);

    private static IncidentGroup ReadGroup(JsonElement group)
    {
        string Text(string name) => group.GetProperty(name).GetString()!;
        return new IncidentGroup(Text("id"), Text("rule"), Text("key"), Text("first"), group.GetProperty("isNew").GetBoolean());
    }
}
