using System.CommandLine;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>Options for what a webhook receives; an omitted one stays as it is.</summary>
internal sealed class WebhookOptions
{
    private readonly Option<string?> format = new("--format")
    {
        Description = "cloudevents (CloudEvents 1.0, the default), legacy (the record of the legacy clients), text (the default for " +
            "mailto:), slack or matrix",
    };

    private readonly Option<string?> caps = new("--caps")
    {
        Description = "Only CapIDs that match this pattern, where * matches any characters; default all",
    };

    private readonly Option<string?> minSeverity = new("--min-severity")
    {
        Description = "Only incidents from this severity on: normal, high, escalated or critical; default the paging floor of each CapID",
    };

    private readonly Option<bool?> ordered = new("--ordered")
    {
        Description = "Deliver one at a time, in log order; a failed delivery is skipped and retried later",
    };

    private readonly Option<string?> kinds = new("--kinds")
    {
        Description = "Only these of accepted, updated and paged, separated by commas; default all. A ladder's pages " +
            "always reach the webhooks " +
            "it names, so 'paged' alone excludes everything else",
    };

    public void AddTo(Command command)
    {
        format.AcceptOnlyFromAmong("cloudevents", "legacy", "text", "slack", "matrix");
        minSeverity.AcceptOnlyFromAmong(["", .. Severity.Ladder]);
        Array.ForEach<Option>([format, caps, minSeverity, ordered, kinds], command.Options.Add);
    }

    public WebhookChangeRequest Read(ParseResult parsed) =>
        new(parsed.GetValue(format), parsed.GetValue(caps), parsed.GetValue(minSeverity), parsed.GetValue(ordered),
            parsed.GetValue(kinds)?.Split(',', StringSplitOptions.RemoveEmptyEntries));
}
