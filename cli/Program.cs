using System.CommandLine;
using CapOrleans.Cli;
using CapOrleans.Cli.Commands;

const int Interrupted = 130;

Terminal.Guard();
try
{
    var parsed = new RootCommand("CapOrleans: sign incidents, send them, and check what became of them.")
    {
        Answer.Json, Credentials.InsecureHttp,
        KeygenCommand.Create(), SignCommand.Create(), SendCommand.Create(), VerifyCommand.Create(), HookCommand.Create(),
        ShowCommand.Create(), RegisterCommand.Create(), KeyCommand.Create(), PolicyCommand.Create(), OperatorCommand.Create(), GateCommand.Create(), AuthorityCommand.Create(), VpnCommand.Create(),
        ArchiveCommand.Create(), ChainCommand.Create(), IpfsCommand.Create(), ChainLogCommand.Create(), CompletionCommand.Create(),
    }.Parse(args);
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
