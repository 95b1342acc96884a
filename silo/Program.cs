using System.Data.Common;
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
catch (DbException fault)
{
    await Console.Error.WriteLineAsync($"The database of DATABASE_URL cannot be used: {fault.Message}");
    return 1;
}

await using (node)
{
    Greeting.Write(Console.Out, settings, node.IsFirstStart);
    await node.WaitForStopAsync();
}

return 0;
