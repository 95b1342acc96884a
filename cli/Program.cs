using System.CommandLine;
using CapOrleans.Cli;
using CapOrleans.Cli.Commands;
using CapOrleans.Cli.Hooks;
using CapOrleans.Core.Incidents;

const int Interrupted = 130;

Terminal.FilterOutput();
try
{
    var root = CapCommands.Create();

    // A word that begins with @ is for the command that a hook runs, and is not a response file.
    ParseResult Parse(string[] words) => root.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });

    var run = RunArguments.Read(root, args, words => Parse(words).Errors.Count == 0);
    var parsed = Parse(run?.Words ?? args);
    Output.Configure(parsed);
    Credentials.Configure(parsed);
    if (parsed.Errors.Count > 0)
    {
        throw new CliFaultException(
            HookCommand.IsRun(parsed) ? ExitCodes.NotRun : ExitCodes.Misconfigured, ParseFault.Of(parsed));
    }

    var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false };
    if (run is null && !HeartbeatCommand.RunsJob(parsed))
    {
        CommandLine.RequireUtf8();
    }
    else
    {
        invocation.ProcessTerminationTimeout = null; // signals are for the command
        if (run is { Ignored.Count: > 0 })
        {
            Output.Warn($"'{string.Join(' ', run.Ignored)}' is invalid and is ignored; the command runs anyway. " +
                $"--severity is one of {string.Join(", ", Severity.Ladder)}; default high. See cap hook run --help");
        }
    }

    return await parsed.InvokeAsync(invocation);
}
catch (Exception fault) when (fault is not OperationCanceledException)
{
    return Output.PrintFault(CliFaultException.Of(fault));
}
catch (OperationCanceledException)
{
    return Interrupted;
}
