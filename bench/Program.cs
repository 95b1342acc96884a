using System.Globalization;
using System.Runtime.InteropServices;
using CapOrleans.Bench;
using CapOrleans.Core.Signatures;

if (args.Length != 4)
{
    Console.Error.WriteLine("bench API_PORT KEY_FILE INCIDENTS CONNECTIONS; ./bench.sh starts a node and calls this.");
    return 2;
}

var port = int.Parse(args[0], CultureInfo.InvariantCulture);
var count = int.Parse(args[2], CultureInfo.InvariantCulture);
var connections = int.Parse(args[3], CultureInfo.InvariantCulture);
if (!PrivateKey.TryParse(File.ReadAllText(args[1]), out var key))
{
    Console.Error.WriteLine($"{args[1]} holds no private key.");
    return 2;
}

Console.WriteLine($"{Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, {connections} connections, {count} distinct incidents of one CapID, load generator and dev chain on the same machine");
var requests = SignedRequests.Make(key, count + (count / 5), TimeProvider.System.GetUtcNow());
await IntakeLoad.RunAsync(port, requests[count..], connections); // warm-up
var intake = await IntakeLoad.RunAsync(port, requests[..count], connections);
var behind = await Followers.CatchUpAsync(port);
var limits = Limits.Measure(key, requests[0]);

Console.WriteLine($"accepted, verified, durable   {intake.PerSecond,10:N0} /s   p50 {intake.P50:0.0} ms   p99 {intake.P99:0.0} ms   max {intake.Max:0.0} ms");
Console.WriteLine($"archived and anchored         {behind,10:0.0} s after the last answer");
Console.WriteLine($"limit: signature check alone  {limits.ChecksPerSecond,10:N0} /s on one core");
Console.WriteLine($"limit: fdatasync of this disk {limits.SyncsPerSecond,10:N0} /s");
Console.WriteLine($"intake / signature checks of all cores: {intake.PerSecond / (limits.ChecksPerSecond * Environment.ProcessorCount):P0}");
return 0;
