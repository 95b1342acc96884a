using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Core.Webhooks;

/// <summary>Updates an endpoint's health by the outcomes of deliveries.</summary>
public static class EndpointHealth
{
    /// <summary>The status by which a receiver asks for no further deliveries.</summary>
    public const int Gone = 410;

    /// <summary>An endpoint whose deliveries have all failed for this long is disabled.</summary>
    public static readonly TimeSpan FailureLimit = TimeSpan.FromHours(120);

    /// <summary>Precision of the stored times: every change is a write.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    /// <returns>The endpoint itself when there is nothing to store; a disabled one stays as it is.</returns>
    public static WebhookEndpoint AfterReport(WebhookEndpoint endpoint, DeliveryReport report, DateTimeOffset now)
    {
        if (endpoint.DisabledAt is not null)
        {
            return endpoint;
        }

        if (report.Delivered)
        {
            return endpoint.FailingSince is null && endpoint.LastSuccessAt > now - Step
                ? endpoint
                : endpoint with { FailingSince = null, LastSuccessAt = now };
        }

        var failingSince = endpoint.FailingSince ?? now;
        var reason = report.Code == Gone ? "gone" : now - failingSince >= FailureLimit ? "failing" : null;
        var error = new DeliveryError(now, report.Fault, report.Code);
        if (reason is null && endpoint.FailingSince is not null && endpoint.LastError is { } last && last.At > now - Step
            && last == error with { At = last.At })
        {
            return endpoint;
        }

        return endpoint with
        {
            FailingSince = failingSince,
            LastError = error,
            DisabledAt = reason is null ? null : now,
            DisabledReason = reason,
        };
    }

    /// <returns>The fault as views and entries show it.</returns>
    public static string Text(this DeliveryFault fault) => fault switch
    {
        DeliveryFault.RefusedAddress => "refused-address",
        DeliveryFault.NoAnswer => "no-answer",
        DeliveryFault.Timeout => "timeout",
        DeliveryFault.Status => "status",
        DeliveryFault.NotWanted => "not-wanted",
        DeliveryFault.Answered => "answered",
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };
}
