using System.Data.Common;
using System.Net.Sockets;
using CapOrleans.Core.AuditLog;
using CapOrleans.Silo;
using CapOrleans.Silo.Settings;
using Microsoft.AspNetCore.Connections;

NodeSettings settings;
try
{
    var file = SettingsFile.Read(".env", Environment.GetEnvironmentVariables().Keys.Cast<string>());
    if (args is ["--print-settings", .. var names])
    {
        file.Print(names, Console.Out); // for deploy/lib.sh
        return 0;
    }

    settings = SettingsReader.Read(file.Find);
}
catch (SettingsException fault)
{
    await Console.Error.WriteLineAsync(fault.Message);
    return 2;
}

using var signals = new StopSignals();
CapNode node;
try
{
    node = await CapNode.StartAsync(settings, CancellationToken.None);
}
catch (IOException fault) when (fault.InnerException is AddressInUseException)
{
    await Console.Error.WriteLineAsync($"{fault.Message} Choose another API_PORT or GATE_PORT, or stop what is using it.");
    return 1;
}
catch (AddressInUseException)
{
    await Console.Error.WriteLineAsync($"SILO_PORT {settings.SiloPort} or GATEWAY_PORT {settings.GatewayPort} is in use: choose another, or stop what is using it.");
    return 1;
}
catch (SocketException fault)
{
    await Console.Error.WriteLineAsync($"Cannot listen on the configured address: {fault.Message}. BIND and " +
        "Gate__Bind must be addresses of this machine; a VPN's address exists only while the VPN is up.");
    return 1;
}
catch (IOException fault)
{
    await Console.Error.WriteLineAsync(fault.Message);
    return 1;
}
catch (InvalidDataException fault)
{
    await Console.Error.WriteLineAsync(fault.Message);
    return 2;
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
var ended = await node.WaitForStopAsync(signals.StopRequested);
if (ended is not null)
{
    await Console.Error.WriteLineAsync($"Part of this process stopped unexpectedly: {ended}");
}

try
{
    await node.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    return ended is null ? 0 : 1;
}
catch (TimeoutException)
{
    // Everything that was acknowledged is on disk; the rest waits for something unavailable, such as the cluster's
    // database.
    await Console.Error.WriteLineAsync("Stopping took longer than 30 seconds; exiting without waiting for the rest.");
    Environment.Exit(1);
    return 1;
}
