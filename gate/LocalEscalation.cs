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
/// Runs the configured command, and posts to the configured URL, at most once per critical incident and signer: of the last
/// <see cref="MaxRemembered"/>, in memory, the oldest forgotten first; one that was left out since too many waited may run when it comes
/// again. So one captured incident calls once, however it is altered. CapIDs take turns: one that calls for everything delays no other by
/// more than a call, and when no more may wait, the CapID with the most gives one up. What waits is lost when the gate stops. The incident is on the command's standard input and its names in
/// <c>CAP_ID</c>, <c>INCIDENT_ID</c>, <c>SEVERITY</c>: never on its command line. The command inherits none of the service's secrets.
/// </summary>
public sealed partial class LocalEscalation(GateOptions options, HttpClient http, ILogger<LocalEscalation> logger, TimeProvider time)
{
    /// <summary>
    /// Escalations that run at once, that wait, and that wait for one CapID, or of strangers for one address; what comes beyond is logged and
    /// left out. Of the command and of the URL each, and of strangers again.
    /// </summary>
    public const int MaxRunning = 4, MaxWaiting = 400, MaxWaitingEach = 50;

    /// <summary>Incidents that are known to have called, of the command and of the URL each.</summary>
    public const int MaxRemembered = 10_000;

    /// <summary>A command that runs longer is killed, a URL that answers later is given up. 30 seconds.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly Calls commands = new(), posts = new(), strangersCommands = new(), strangersPosts = new();
    private readonly LogThrottle escalated = new(time), posted = new(time), failed = new(time), skipped = new(time);

    /// <summary>Returns at once; the rest runs beside.</summary>
    /// <param name="signer">Whom the signature proves: a stranger's incident of the same name silences no other.</param>
    /// <param name="stranger">
    /// Where it came from when no list of keys vouches for the signer: then it takes no place of those that one vouches for, and addresses
    /// take turns, since a stranger invents CapIDs.
    /// </param>
    public void Consider(IncidentReport report, string signer, IPAddress? stranger = null)
    {
        if (report.SeverityClaimed != Severity.Critical)
        {
            return;
        }

        // Each by itself: a URL that hangs must not keep the command from running.
        if (options.Escalation.Command is { } command)
        {
            Start(stranger is null ? commands : strangersCommands, report, signer, stranger, () => RunAsync(command, report));
        }

        if (options.Escalation.Url is { } url)
        {
            Start(stranger is null ? posts : strangersPosts, report, signer, stranger, () => PostAsync(url, report));
        }
    }

    private void Start(Calls calls, IncidentReport report, string signer, IPAddress? stranger, Func<Task> run)
    {
        var incident = (report.CapId, report.IncidentId, signer);
        if (calls.Made.Add(incident) && !calls.Queue.TryAdd(stranger is null ? report.CapId : $"{stranger}", run, Skip))
        {
            Skip();
        }

        void Skip()
        {
            calls.Made.Remove(incident);
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
            Fail(fault, report); // it does not start, or has a child that the gate may not kill
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
            // The command reads no more: its environment was enough.
        }
    }

    private async Task PostAsync(Uri url, IncidentReport report)
    {
        try
        {
            using var timeout = new CancellationTokenSource(Timeout, time);
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(report.Request, Encoding.UTF8, "application/json") };
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token); // what it says besides is nobody's
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

    /// <summary>The commands, or the posts; of strangers, or of the others.</summary>
    private sealed record Calls
    {
        public FairTurns Queue { get; } = new(MaxRunning, MaxWaiting, MaxWaitingEach);

        public RecentSet<(string CapId, string IncidentId, string Signer)> Made { get; } = new(MaxRemembered);
    }

    [LoggerMessage(500, LogLevel.Warning, "Critical incidents escalated here: {Count}, the last of them {CapId}/{IncidentId}, exit code {ExitCode}")]
    private partial void LogEscalated(long count, string capId, string incidentId, int exitCode);

    [LoggerMessage(503, LogLevel.Warning, "Critical incidents posted to the escalation URL: {Count}, the last of them {CapId}/{IncidentId}, answered {Status}")]
    private partial void LogPosted(long count, string capId, string incidentId, int status);

    [LoggerMessage(501, LogLevel.Error, "Critical incidents that could not be escalated here: {Count}, the last of them {CapId}/{IncidentId}")]
    private partial void LogFailed(Exception? fault, long count, string capId, string incidentId);

    [LoggerMessage(502, LogLevel.Error, "Critical incidents not escalated, since too many escalations run: {Count}, the last of them {CapId}/{IncidentId}")]
    private partial void LogSkipped(long count, string capId, string incidentId);
}
