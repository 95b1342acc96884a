using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Gate;

/// <summary>
/// Runs the configured command, and posts to the configured URL, once per critical incident that passed the gate. The incident is on the
/// command's standard input and its names in <c>CAP_ID</c>, <c>INCIDENT_ID</c>, <c>SEVERITY</c>: never on its command line.
/// </summary>
public sealed partial class LocalEscalation(GateOptions options, HttpClient http, ILogger<LocalEscalation> logger, TimeProvider time) : IDisposable
{
    /// <summary>Incidents that may be told of at once; what comes beyond is logged and not told.</summary>
    public const int MaxRunning = 4;

    /// <summary>A command that runs longer is killed, a URL that answers later is given up. 30 seconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim commands = new(MaxRunning), posts = new(MaxRunning);

    /// <summary>Returns at once; the rest runs beside.</summary>
    public void Consider(IncidentReport report)
    {
        if (report.SeverityClaimed != Severity.Critical)
        {
            return;
        }

        // Each by itself: a URL that hangs must not keep the command from running.
        if (options.Escalation.Command is { } command)
        {
            Start(commands, report, () => RunAsync(command, report));
        }

        if (options.Escalation.Url is { } url)
        {
            Start(posts, report, () => PostAsync(url, report));
        }
    }

    public void Dispose()
    {
        commands.Dispose();
        posts.Dispose();
    }

    private void Start(SemaphoreSlim places, IncidentReport report, Func<Task> run)
    {
        if (!places.Wait(0))
        {
            LogSkipped(report.CapId, report.IncidentId);
            return;
        }

        _ = Task.Run(async () =>
        {
            try
            {
                await run();
            }
            finally
            {
                places.Release();
            }
        });
    }

    private async Task RunAsync(string command, IncidentReport report)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardInput = true };
        start.Environment["CAP_ID"] = report.CapId;
        start.Environment["INCIDENT_ID"] = report.IncidentId;
        start.Environment["SEVERITY"] = report.SeverityClaimed;
        try
        {
            using var process = Process.Start(start)!;
            using var timeout = new CancellationTokenSource(Patience, time);
            try
            {
                await process.StandardInput.WriteAsync(report.Request.AsMemory(), timeout.Token);
                process.StandardInput.Close();
                await process.WaitForExitAsync(timeout.Token);
                LogEscalated(report.CapId, report.IncidentId, process.ExitCode);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                LogFailed(null, report.CapId, report.IncidentId);
            }
        }
        catch (Exception fault) when (fault is Win32Exception or IOException)
        {
            LogFailed(fault, report.CapId, report.IncidentId);
        }
    }

    private async Task PostAsync(Uri url, IncidentReport report)
    {
        try
        {
            using var timeout = new CancellationTokenSource(Patience, time);
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(report.Request, Encoding.UTF8, "application/json") };
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token); // what it says besides is nobody's
            LogPosted(report.CapId, report.IncidentId, (int)answer.StatusCode);
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
        {
            LogFailed(fault, report.CapId, report.IncidentId);
        }
    }

    [LoggerMessage(500, LogLevel.Warning, "Critical incident {CapId}/{IncidentId} escalated here, exit code {ExitCode}")]
    private partial void LogEscalated(string capId, string incidentId, int exitCode);

    [LoggerMessage(503, LogLevel.Warning, "Critical incident {CapId}/{IncidentId} escalated here, the URL answered {Status}")]
    private partial void LogPosted(string capId, string incidentId, int status);

    [LoggerMessage(501, LogLevel.Error, "Critical incident {CapId}/{IncidentId}: it could not be escalated here")]
    private partial void LogFailed(Exception? fault, string capId, string incidentId);

    [LoggerMessage(502, LogLevel.Error, "Critical incident {CapId}/{IncidentId}: too many escalations are running, this one is left out")]
    private partial void LogSkipped(string capId, string incidentId);
}
