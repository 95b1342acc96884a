using System.Data.Common;
using CapOrleans.Core.AuditLog;
using CapOrleans.Silo;
using CapOrleans.Silo.Settings;

DotNetEnv.Env.NoClobber().Load();
NodeSettings settings;
try
{
    settings = SettingsReader.Read(Environment.GetEnvironmentVariable);
}
catch (SettingsException fault)
{
    await Console.Error.WriteLineAsync(fault.Message);
    return 2;
}

CapNode node;
try
{
    node = await CapNode.StartAsync(settings, CancellationToken.None);
}
catch (IOException fault)
{
    await Console.Error.WriteLineAsync(fault.Message);
    return 1;
}
catch (StoreMismatchException fault)
{
    await Console.Error.WriteLineAsync(fault.Message);
    return 2;
}
catch (DbException fault)
{
    await Console.Error.WriteLineAsync($"The database of DATABASE_URL cannot be used: {fault.Message}");
    return 1;
}

Greeting.Write(Console.Out, settings, node.IsFirstStart);
await node.WaitForStopAsync();
try
{
    await node.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    return 0;
}
catch (TimeoutException)
{
    // Whatever was answered is on disk; what is left waits for somebody who is away, such as the cluster's database.
    await Console.Error.WriteLineAsync("Stopping took longer than 30 seconds; ending without the rest.");
    Environment.Exit(1);
    return 1;
}
