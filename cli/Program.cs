using System.CommandLine;
using CapOrleans.Cli;
using CapOrleans.Cli.Commands;

const int Interrupted = 130;

Terminal.Guard();
try
{
    var parsed = CapCommands.Create().Parse(args);
    Answer.Choose(parsed);
    Credentials.Choose(parsed);
    if (parsed.Errors.Count > 0)
    {
        var path = parsed.CommandResult.Command.Parents.Any() ? $"cap {parsed.CommandResult.Command.Name}" : "cap";
        throw new CliFaultException(ExitCodes.Misconfigured, $"{parsed.Errors[^1].Message.TrimEnd('.')}. See {path} --help");
    }

    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception fault) when (fault is not OperationCanceledException)
{
    return Answer.Complain(CliFaultException.Of(fault));
}
catch (OperationCanceledException)
{
    return Interrupted;
}
