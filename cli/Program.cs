using System.CommandLine;
using CapOrleans.Cli;
using CapOrleans.Cli.Commands;

const int Interrupted = 130;

Terminal.Guard();
try
{
    // What stands behind @ is the command's that a hook runs, and no file of ours.
    var parsed = CapCommands.Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    Answer.Choose(parsed);
    Credentials.Choose(parsed);
    if (parsed.Errors.Count > 0)
    {
        throw new CliFaultException(ExitCodes.Misconfigured, ParseFault.Of(parsed));
    }

    var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false };
    if (HookCommand.IsRun(parsed))
    {
        invocation.ProcessTerminationTimeout = null; // signals are the command's
    }

    return await parsed.InvokeAsync(invocation);
}
catch (Exception fault) when (fault is not OperationCanceledException)
{
    return Answer.Complain(CliFaultException.Of(fault));
}
catch (OperationCanceledException)
{
    return Interrupted;
}
