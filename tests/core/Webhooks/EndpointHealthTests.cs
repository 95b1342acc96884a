using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Tests.Core.Webhooks;

public sealed class EndpointHealthTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private static readonly DeliveryReport Success = new(true, DeliveryFault.None, 200), Failure = new(false, DeliveryFault.Status, 503),
        Gone = new(false, DeliveryFault.Status, 410);
    private static readonly WebhookEndpoint Fresh = new("a1", "https://x/", Start, Actor.Service, [0]);

    [Fact]
    public void An_endpoint_that_fails_for_five_days_without_a_success_is_disabled()
    {
        var endpoint = After(Fresh, (0, Failure), (119.9, Failure));
        Assert.Equal((null, Start), (endpoint.DisabledAt, endpoint.FailingSince));
        endpoint = After(endpoint, (120, Failure));
        Assert.Equal((Start.AddHours(120), "failing"), (endpoint.DisabledAt, endpoint.DisabledReason));
        Assert.Same(endpoint, After(endpoint, (121, Success)));
    }

    [Fact]
    public void One_success_starts_the_days_again()
    {
        var endpoint = After(Fresh, (0, Failure), (100, Success), (101, Failure), (220, Failure));
        Assert.Equal((null, Start.AddHours(101), Start.AddHours(100)),
            (endpoint.DisabledAt, endpoint.FailingSince, endpoint.LastSuccessAt));
        Assert.Equal(new DeliveryError(Start.AddHours(220), DeliveryFault.Status, 503), endpoint.LastError);
    }

    [Fact]
    public void An_endpoint_that_answers_410_is_disabled_immediately() =>
        Assert.Equal((Start, "gone"), (After(Fresh, (0, Gone)).DisabledAt, After(Fresh, (0, Gone)).DisabledReason));

    [Fact]
    public void The_same_fault_within_a_minute_is_not_recorded_again_and_another_one_is()
    {
        var failed = After(Fresh, (0, Failure));
        Assert.Same(failed, After(failed, (0.01, Failure)));
        Assert.NotSame(failed, After(failed, (0.01, new DeliveryReport(false, DeliveryFault.Timeout, null))));
        Assert.NotSame(failed, After(failed, (0.02, Failure)));
        var well = After(Fresh, (0, Success));
        Assert.Same(well, After(well, (0.01, Success)));
        Assert.NotSame(well, After(well, (0.02, Success)));
    }

    [Fact]
    public void The_previous_secret_signs_for_another_24_hours()
    {
        var rotated = SecretRotation.Rotate(Fresh, Start);
        Assert.Equal([1], SecretRotation.SecretsOf(Fresh, Start).Generations);
        Assert.Equal([2, 1], SecretRotation.SecretsOf(rotated, Start.AddHours(23.9)).Generations);
        Assert.Equal([2], SecretRotation.SecretsOf(rotated, Start.AddHours(24)).Generations);
        Assert.Equal([3, 2], SecretRotation.SecretsOf(SecretRotation.Rotate(rotated, Start.AddHours(1)), Start.AddHours(2)).Generations);
    }

    private static WebhookEndpoint After(WebhookEndpoint endpoint, params (double Hours, DeliveryReport Report)[] reports) =>
        reports.Aggregate(endpoint, (before, report) => EndpointHealth.AfterReport(before, report.Report, Start.AddHours(report.Hours)));
}
