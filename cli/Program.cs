using System.CommandLine;
using CapOrleans.Cli;
using CapOrleans.Cli.Commands;

CapEnvironment.Load();
var root = new RootCommand("CapOrleans: sign incidents, send them, and check what became of them.")
{
    KeygenCommand.Create(), SignCommand.Create(), SendCommand.Create(), VerifyCommand.Create(),
    RegisterCommand.Create(), KeyCommand.Create(), PolicyCommand.Create(), OperatorCommand.Create(), GateCommand.Create(), HookCommand.Create(), ShowCommand.Create(), ArchiveCommand.Create(),
};
try
{
    var parsed = root.Parse(args);
    var code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    return parsed.Errors.Count > 0 ? ExitCodes.Misconfigured : code;
}
catch (CliFaultException fault)
{
    await Console.Error.WriteLineAsync($"cap: {fault.Message}");
    return fault.ExitCode;
}
