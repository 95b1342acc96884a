using System.CommandLine;
using CapOrleans.Cli;
using CapOrleans.Cli.Commands;

try
{
    CapEnvironment.Load();
    var parsed = new RootCommand("CapOrleans: sign incidents, send them, and check what became of them.")
    {
        Answer.Json,
        KeygenCommand.Create(), SignCommand.Create(), SendCommand.Create(), VerifyCommand.Create(), HookCommand.Create(),
        ShowCommand.Create(), RegisterCommand.Create(), KeyCommand.Create(), PolicyCommand.Create(), OperatorCommand.Create(), GateCommand.Create(), VpnCommand.Create(),
        ArchiveCommand.Create(), ChainCommand.Create(), IpfsCommand.Create(), ChainLogCommand.Create(), CompletionCommand.Create(),
    }.Parse(args);
    if (parsed.Errors.Count > 0 && args.Contains(Answer.Json.Name))
    {
        return Answer.Complain(new CliFaultException(ExitCodes.Misconfigured, string.Join(' ', parsed.Errors.Select(error => error.Message))), json: true);
    }

    var code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    return parsed.Errors.Count > 0 ? ExitCodes.Misconfigured : code;
}
catch (CliFaultException fault)
{
    return Answer.Complain(fault, args.Contains(Answer.Json.Name));
}
