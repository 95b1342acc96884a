using System.Globalization;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.Signatures;

/// <summary>
/// The document for <c>eth_signTypedData_v4</c>: what a wallet shows, and signs as <see cref="FullV2"/>.
/// </summary>
public static class TypedData
{
    /// <param name="report">Null for the types and the domain alone.</param>
    public static JsonObject Of(IncidentReport? report, long chainId)
    {
        var document = new JsonObject
        {
            ["types"] = new JsonObject
            {
                ["EIP712Domain"] = Describe([("name", "string"), ("version", "string"), ("chainId", "uint256")]),
                ["Incident"] = Describe(FullV2.Members),
            },
            ["primaryType"] = "Incident",
            ["domain"] = new JsonObject { ["name"] = FullV2.DomainName, ["version"] = FullV2.DomainVersion, ["chainId"] = chainId },
        };
        if (report is not null)
        {
            document["message"] = new JsonObject
            {
                ["incidentId"] = report.IncidentId,
                ["capId"] = report.CapId,
                ["agent"] = report.Agent,
                ["timestamp"] = report.TimestampText,
                ["severity"] = report.SeverityText,
                ["description"] = report.Description,
                ["feedback"] = Text(report.Feedback),
                ["misuse"] = Text(report.Misuse),
                ["capPotentialClaim"] = Text(report.CapPotentialClaimed ?? 0m),
                ["evidence"] = report.Evidence,
            };
        }

        return document;
    }

    private static JsonArray Describe(IReadOnlyList<(string Name, string Type)> members) =>
        new([.. members.Select(member => new JsonObject { ["name"] = member.Name, ["type"] = member.Type })]);

    private static string Text(decimal value) => FullV2.Scaled(value).ToString(CultureInfo.InvariantCulture);
}
