using System.CommandLine;

namespace CapOrleans.Cli.Commands;

/// <summary>Everything that <c>cap</c> can be asked for.</summary>
internal static class CapCommands
{
    public static RootCommand Create() => new("CapOrleans: sign incidents, send them, and check what became of them.")
    {
        Answer.Json, Credentials.InsecureHttp,
        KeygenCommand.Create(), SignCommand.Create(), SendCommand.Create(), BatchCommand.Create(), VerifyCommand.Create(),
            HookCommand.Create(),
        IncidentsCommand.CreateList(), IncidentsCommand.CreateShow(), HistoryCommands.CreateHistory(), HistoryCommands.CreateLog(),
            HistoryCommands.CreateCorrect(),
        StatusCommand.Create(), DoctorCommand.Create(), WebhookCommand.Create(), ShowCommand.Create(), RegisterCommand.Create(),
            KeyCommand.Create(), PolicyCommand.Create(), OperatorCommand.Create(),
        GateCommand.Create(), AuthorityCommand.Create(), VpnCommand.Create(), ArchiveCommand.Create(), ChainCommand.Create(),
        IpfsCommand.Create(), ChainLogCommand.Create(), CompletionCommand.Create(),
    };
}
