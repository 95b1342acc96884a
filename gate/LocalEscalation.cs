using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Text;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core;
using CapOrleans.Core.Incidents;
using CapOrleans.Gate.Settings;
using CapOrleans.HttpEdge.Logging;

namespace CapOrleans.Gate;

/// <summary>
/// Runs the configured command, and posts to the configured URL, at most once per critical incident and signer among
/// the last <see cref="MaxRemembered"/> (in memory, the oldest forgotten first). So a captured incident pages once,
/// however it is altered. One that was skipped because too many were waiting may page when it is sent again. CapIDs
/// take turns: one that escalates everything delays any other by at most one call, and when the queue is full, the
/// CapID with the most waiting calls loses one. Waiting calls are lost when the gate stops. The incident is on the
/// command's standard input, and its names are in <c>CAP_ID</c>, <c>INCIDENT_ID</c> and <c>SEVERITY</c>: never on its
/// command line. The command inherits none of the service's secrets.
/// </summary>
public sealed partial class LocalEscalation(GateOptions options, HttpClient http, ILogger<LocalEscalation> logger, TimeProvider time)
{
    /// <summary>
    /// Escalations that run at once, that wait in all, and that wait for one CapID (of strangers: for one address). Any
    /// further one is logged and skipped. The command and the URL have these limits each, and strangers have them
    /// again.
    /// </summary>
    public const int MaxRunning = 4, MaxWaiting = 400, MaxWaitingEach = 50;

    /// <summary>
    /// Incidents that are remembered as escalated, for the command and the URL each, and for strangers again.
    /// </summary>
    public const int MaxRemembered = 10_000;

    /// <summary>
    /// A command that runs longer is killed; a URL that does not answer in time is abandoned. 30 seconds.
    /// </summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly EscalationQueue commands = new(), posts = new(), strangersCommands = new(), strangersPosts = new();
    private readonly LogThrottle escalated = new(time), posted = new(time), failed = new(time), skipped = new(time);

    /// <summary>Starts the escalation of a critical incident in the background; returns immediately.</summary>
    /// <param name="signer">The proven signer: a stranger's incident with the same id suppresses no one else's.</param>
    /// <param name="stranger">
    /// The sender's address when no list of keys vouches for the signer; otherwise null. A stranger's call takes no
    /// slot of the vouched-for ones, and addresses take turns, since a stranger can invent CapIDs.
    /// </param>
    public void EscalateIfCritical(IncidentReport report, string signer, IPAddress? stranger = null)
    {
        if (report.SeverityClaimed != Severity.Critical)
        {
            return;
        }

        // Independent of each other: a URL that hangs must not keep the command from running.
        if (options.Escalation.Command is { } command)
        {
            Start(stranger is null ? commands : strangersCommands, report, signer, stranger, () => RunAsync(command, report));
        }

        if (options.Escalation.Url is { } url)
        {
            Start(stranger is null ? posts : strangersPosts, report, signer, stranger, () => PostAsync(url, report));
        }
    }

    private void Start(EscalationQueue calls, IncidentReport report, string signer, IPAddress? stranger, Func<Task> run)
    {
        var incident = (report.CapId, report.IncidentId, signer);
        if (calls.Escalated.Add(incident) && !calls.Queue.TryAdd(stranger is null ? report.CapId : $"{stranger}", run, Skip))
        {
            Skip();
        }

        void Skip()
        {
            calls.Escalated.Remove(incident);
            if (skipped.Take() is > 0 and var count)
            {
                LogSkipped(count, report.CapId, report.IncidentId);
            }
        }
    }

    private async Task RunAsync(string command, IncidentReport report)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardInput = true };
        EscalationEnvironment.Strip(start.Environment);
        start.Environment["CAP_ID"] = report.CapId;
        start.Environment["INCIDENT_ID"] = report.IncidentId;
        start.Environment["SEVERITY"] = report.SeverityClaimed;
        try
        {
            using var process = Process.Start(start)!;
            using var timeout = new CancellationTokenSource(Timeout, time);
            try
            {
                await FeedAsync(process, report.Request, timeout.Token);
                await process.WaitForExitAsync(timeout.Token);
                if (escalated.Take() is > 0 and var count)
                {
                    LogEscalated(count, report.CapId, report.IncidentId, process.ExitCode);
                }
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                Fail(null, report);
            }
        }
        catch (Exception fault) when (fault is Win32Exception or IOException or InvalidOperationException or AggregateException)
        {
            Fail(fault, report); // it cannot be started, or has a child that the gate may not kill
        }
    }

    private static async Task FeedAsync(Process process, string request, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(request.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The command stopped reading: its environment was enough.
        }
    }

    private async Task PostAsync(Uri url, IncidentReport report)
    {
        try
        {
            using var timeout = new CancellationTokenSource(Timeout, time);
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(report.Request, Encoding.UTF8, "application/json") };
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token); // the body is not needed
            if (posted.Take() is > 0 and var count)
            {
                LogPosted(count, report.CapId, report.IncidentId, (int)answer.StatusCode);
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
        {
            Fail(fault, report);
        }
    }

    private void Fail(Exception? fault, IncidentReport report)
    {
        if (failed.Take() is > 0 and var count)
        {
            LogFailed(fault, count, report.CapId, report.IncidentId);
        }
    }

    /// <summary>A queue of commands or of posts; strangers have queues of their own.</summary>
    private sealed record EscalationQueue
    {
        public FairScheduler Queue { get; } = new(MaxRunning, MaxWaiting, MaxWaitingEach);

        public RecentSet<(string CapId, string IncidentId, string Signer)> Escalated { get; } = new(MaxRemembered);
    }

    [LoggerMessage(500, LogLevel.Warning, "Escalated {Count} critical incidents by command; the last, " +
        "{CapId}/{IncidentId}, ended with exit code {ExitCode}")]
    private partial void LogEscalated(long count, string capId, string incidentId, int exitCode);

    [LoggerMessage(503, LogLevel.Warning, "Posted {Count} critical incidents to the escalation URL; the last, " +
        "{CapId}/{IncidentId}, was answered with {Status}")]
    private partial void LogPosted(long count, string capId, string incidentId, int status);

    [LoggerMessage(501, LogLevel.Error, "Failed to escalate {Count} critical incidents; the last was {CapId}/{IncidentId}")]
    private partial void LogFailed(Exception? fault, long count, string capId, string incidentId);

    [LoggerMessage(502, LogLevel.Error, "Skipped {Count} critical incidents because too many escalations are running " +
        "or waiting; the last was {CapId}/{IncidentId}")]
    private partial void LogSkipped(long count, string capId, string incidentId);
}
