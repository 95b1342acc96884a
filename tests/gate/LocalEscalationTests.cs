using System.Collections.Concurrent;
using System.Net;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate;
using CapOrleans.Gate.Settings;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Gate;

public sealed class LocalEscalationTests : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly PrivateKey key = PrivateKey.Create();
    private readonly KeyCluster cluster = new();
    private readonly HttpClient http = new();
    private readonly ConcurrentQueue<string> lines = new();

    public void Dispose()
    {
        http.Dispose();
        cluster.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task A_command_inherits_none_of_the_service_s_settings_and_secrets()
    {
        Environment.SetEnvironmentVariable("Gate__OfThisTest", "secret");
        try
        {
            var escalation = Escalation($"env > {directory.File("part")} && mv {directory.File("part")} {directory.File("env")}");
            escalation.EscalateIfCritical(Critical("C-1"), "0xA");
            await Eventually.TrueAsync(() => File.Exists(directory.File("env")));
            var inherited = await File.ReadAllLinesAsync(directory.File("env"));
            Assert.Contains("CAP_ID=X", inherited);
            Assert.Contains(inherited, line => line.StartsWith("PATH=", StringComparison.Ordinal));
            Assert.DoesNotContain(inherited, line => line.StartsWith("Gate__", StringComparison.Ordinal));
        }
        finally
        {
            Environment.SetEnvironmentVariable("Gate__OfThisTest", null);
        }
    }

    [Fact]
    public async Task A_command_that_does_not_read_the_incident_is_waited_for_all_the_same()
    {
        var escalation = Escalation("exec 0<&-; exit 7");
        escalation.EscalateIfCritical(Critical("C-1", new string('x', 8_000)), "0xA");
        await Eventually.TrueAsync(() => !lines.IsEmpty);
        Assert.Contains("exit code 7", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_secret_is_removed_and_the_rest_stays()
    {
        string[] secrets =
        [
            "PRIVATE_KEY", "KEYSTORE", "KEYSTORE_PASSPHRASE_FILE", "DATABASE_URL", "RPC_URL", "IPFS_API", "CAP_TOKEN", "CAP_GATE_TOKEN",
            "WEB3_STORAGE_TOKEN", "IPFS_KEY", "DEV_CHAIN_URL", "Auth__OpenId__Authority", "Gate__ApiKeyFile", "GATE__APIKEYFILE",
            "OTEL_EXPORTER_OTLP_HEADERS",
        ];
        var environment = secrets.Append("PATH").Append("DATA_DIR").ToDictionary(name => name, string? (_) => "x");
        EscalationEnvironment.Strip(environment);
        Assert.Equal(["DATA_DIR", "PATH"], environment.Keys.Order());
    }

    [Fact]
    public async Task A_flood_of_critical_incidents_fills_no_log()
    {
        var escalation = Escalation($"cat > /dev/null; while [ ! -e {directory.File("go")} ]; do sleep 0.05; done; echo $INCIDENT_ID >> {directory.File("pages")}");
        for (var i = 0; i < 500; i++)
        {
            escalation.EscalateIfCritical(Critical($"C-{i}"), "0xA");
        }

        Assert.Contains("because too many", Assert.Single(lines), StringComparison.Ordinal);
        cluster.Time.Advance(TimeSpan.FromSeconds(1));
        escalation.EscalateIfCritical(Critical("C-LAST"), "0xA");
        Assert.Contains($"Skipped {500 - LocalEscalation.MaxRunning - LocalEscalation.MaxWaitingEach} critical " +
            "incidents", lines.Last(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(directory.File("go"), "");
        await Eventually.TrueAsync(() => lines.Any(line => line.Contains("by command", StringComparison.Ordinal)));
        await Eventually.TrueAsync(() => Pages().Length == LocalEscalation.MaxRunning + LocalEscalation.MaxWaitingEach); // none waits forever
    }

    [Fact]
    public async Task Pages_of_strangers_take_no_place_of_those_that_a_list_of_keys_vouches_for()
    {
        var escalation = Escalation($"cat > /dev/null; case $INCIDENT_ID in S-*) while [ ! -e {directory.File("go")} ]; do sleep 0.05; done;; esac; echo $INCIDENT_ID >> {directory.File("pages")}");
        for (var i = 0; i < 2 * LocalEscalation.MaxWaiting; i++)
        {
            escalation.EscalateIfCritical(Critical($"S-{i}", capId: $"INVENTED-{i}"), "0xB", IPAddress.Parse($"198.51.100.{i % 3}"));
        }

        escalation.EscalateIfCritical(Critical("H-1"), "0xA");
        await Eventually.TrueAsync(() => Pages().SequenceEqual(["H-1"]));
        await File.WriteAllTextAsync(directory.File("go"), "");
        await Eventually.TrueAsync(() => Pages().Length == 1 + LocalEscalation.MaxRunning + (3 * LocalEscalation.MaxWaitingEach));
    }

    [Fact]
    public async Task A_captured_incident_pages_once_in_whatever_variants_and_another_one_pages_too()
    {
        var escalation = Escalation($"cat > /dev/null; echo $INCIDENT_ID >> {directory.File("pages")}");
        for (var i = 1; i <= 100; i++)
        {
            escalation.EscalateIfCritical(Critical("C-1", $"spelling {i}"), $"{key.Address}");
            await Eventually.TrueAsync(() => Pages().Length > 0);
        }

        escalation.EscalateIfCritical(Critical("C-2"), $"{key.Address}");
        await Eventually.TrueAsync(() => Pages().Contains("C-2"));
        Assert.Equal(["C-1", "C-2"], Pages());

        escalation.EscalateIfCritical(Critical("C-1"), "0xA"); // by another signer, which the first must not have silenced
        await Eventually.TrueAsync(() => Pages().Length == 3);
    }

    [Fact]
    public async Task A_page_that_was_dropped_because_too_many_waited_is_sent_on_a_retry()
    {
        var escalation = Escalation(
            $"cat > /dev/null; while [ ! -e {directory.File("go")} ]; do sleep 0.05; done; echo $INCIDENT_ID >> {directory.File("pages")}");
        const int Most = LocalEscalation.MaxRunning + LocalEscalation.MaxWaitingEach;
        for (var i = 0; i <= Most; i++)
        {
            escalation.EscalateIfCritical(Critical($"C-{i}"), "0xA");
        }

        await File.WriteAllTextAsync(directory.File("go"), "");
        await Eventually.TrueAsync(() => Pages().Length == Most);
        await Eventually.TrueAsync(() =>
        {
            escalation.EscalateIfCritical(Critical($"C-{Most}"), "0xA");
            return Pages().Length > Most;
        });
        Assert.Single(Pages(), id => id == $"C-{Most}");
    }

    private string[] Pages() => File.Exists(directory.File("pages")) ? File.ReadAllLines(directory.File("pages")) : [];

    private IncidentReport Critical(string id, string description = "down", string capId = "X") => TestIncident.Signed(
        key, capId, id, cluster.Time.GetUtcNow(), one => (one["severity"], one["description"]) = ("critical", description)).Report();

    private LocalEscalation Escalation(string command) =>
        new(cluster.Options with { Escalation = new EscalationOptions(command, null, UnknownKeys: false) }, http, new Lines(lines), cluster.Time);

    private sealed class Lines(ConcurrentQueue<string> lines) : ILogger<LocalEscalation>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(formatter(state, exception));
    }
}
