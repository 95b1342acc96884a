using System.Globalization;
using System.Text.Json;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Deliveries;

/// <summary>
/// Measures Debian's Alertmanager as <see cref="DeliveryRun"/> measures the service: from the answer that accepts an alert
/// to its arrival. Each alert is a group of its own that waits for no others.
/// </summary>
internal sealed class AlertmanagerRun(string folder, int rate, TimeSpan duration)
{
    public const string Program = "/usr/bin/prometheus-alertmanager";

    public async Task<DeliveryResult> RunAsync()
    {
        await using var receivers = await Receivers.StartAsync();
        var (port, file) = (Child.FreePort(), Path.Combine(folder, "alertmanager.yml"));
        await File.WriteAllTextAsync(file,
            $$"""
            route: { receiver: bench, group_by: ['...'], group_wait: 0s, group_interval: 1h, repeat_interval: 4h }
            receivers: [ { name: bench, webhook_configs: [ { url: '{{receivers.AlertmanagerUrl}}', send_resolved: false } ] } ]
            """);
        using var process = Child.Start(Program,
        [
            $"--config.file={file}", $"--storage.path={Path.Combine(folder, "alerts")}", "--cluster.listen-address=",
            string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{port}"),
        ]);
        try
        {
            await process.LineAsync("Listening on", TimeSpan.FromSeconds(60));
            using var http = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture,
                $"http://127.0.0.1:{port}")) };
            var sender = new PacedSender(http, "/api/v2/alerts", rate);
            await sender.SendAsync(Alerts("warm", rate * 5), (_, at) => Task.FromResult(Id("warm", at)));
            var accepted = await sender.SendAsync(
                Alerts("bench", (int)(rate * duration.TotalSeconds)), (_, at) => Task.FromResult(Id("bench", at)));
            return await DeliveryResult.OfAsync(accepted, receivers);
        }
        finally
        {
            process.Kill9();
        }
    }

    private static string Id(string run, int number) => string.Create(CultureInfo.InvariantCulture, $"{run}-{number}");

    private static byte[][] Alerts(string run, int count) =>
    [
        .. Enumerable.Range(0, count).Select(number => JsonSerializer.SerializeToUtf8Bytes(new[]
        {
            new
            {
                labels = new { alertname = "bench", incident = Id(run, number), severity = "high" },
                annotations = new { description = "The disk of this host is full." },
            },
        })),
    ];
}
