using System.CommandLine;
using CapOrleans.Cli;
using CapOrleans.Cli.Commands;

DotNetEnv.Env.NoClobber().Load();
var root = new RootCommand("CapOrleans: sign incidents, send them, and check what became of them.")
{
    KeygenCommand.Create(), SignCommand.Create(), SendCommand.Create(), VerifyCommand.Create(),
    RegisterCommand.Create(), ShowCommand.Create(), ArchiveCommand.Create(),
};
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (CliFaultException fault)
{
    await Console.Error.WriteLineAsync($"cap: {fault.Message}");
    return fault.ExitCode;
}
