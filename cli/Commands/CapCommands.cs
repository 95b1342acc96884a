using System.CommandLine;

namespace CapOrleans.Cli.Commands;

/// <summary>All commands of <c>cap</c>.</summary>
internal static class CapCommands
{
    public static RootCommand Create()
    {
        var root = All();
        foreach (var command in UpdateCommands.Create())
        {
            root.Subcommands.Add(command);
        }

        RefuseCommas(root);
        return root;
    }

    /// <summary>
    /// Refuses commas in numbers: the invariant culture ignores them, so 0,1 would be 1, where a tenth was meant.
    /// </summary>
    private static void RefuseCommas(Command command)
    {
        foreach (var option in command.Options.Where(option => option.ValueType == typeof(decimal) || option.ValueType == typeof(decimal?)))
        {
            option.Validators.Add(result =>
            {
                if (result.Tokens.FirstOrDefault(token => token.Value.Contains(',')) is { } token)
                {
                    result.AddError($"{option.Name} takes a number such as 0.1, not '{token.Value}'.");
                }
            });
        }

        foreach (var subcommand in command.Subcommands)
        {
            RefuseCommas(subcommand);
        }
    }

    private static RootCommand All() => new("CapOrleans: sign incidents, send them, and check what became of them.")
    {
        Output.Json, Credentials.InsecureHttp,
        KeygenCommand.Create(), SignCommand.Create(), SendCommand.Create(), BatchCommand.Create(), VerifyCommand.Create(),
            HookCommand.Create(),
        IncidentsCommand.CreateList(), IncidentsCommand.CreateShow(), HistoryCommands.CreateHistory(), HistoryCommands.CreateLog(),
            HistoryCommands.CreateCorrect(),
        StatusCommand.Create(), DoctorCommand.Create(),
        WebhookCommand.Create(), LadderCommand.Create(), RotationCommand.Create(), SilenceCommand.Create(),
        ShowCommand.Create(), RegisterCommand.Create(),
            KeyCommand.Create(), PolicyCommand.Create(), OperatorCommand.Create(), IntegrationCommand.Create(), HeartbeatCommand.Create(),
        GateCommand.Create(), AuthorityCommand.Create(), VpnCommand.Create(), ArchiveCommand.Create(), ChainCommand.Create(),
        IpfsCommand.Create(), ChainLogCommand.Create(), CompletionCommand.Create(),
    };
}
