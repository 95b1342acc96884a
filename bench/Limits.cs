using System.Diagnostics;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Bench;

internal sealed record LimitResult(double ChecksPerSecond, double SyncsPerSecond);

/// <summary>What the machine can do at most, measured in the same run.</summary>
internal static class Limits
{
    public static LimitResult Measure(Core.Signatures.PrivateKey key, byte[] request)
    {
        var body = request.AsMemory(request.AsSpan().IndexOf("\r\n\r\n"u8) + 4);
        var report = IncidentReader.Read(body).Report!;
        var policy = new AdmissionPolicy(AcceptUnsigned: false);
        if (Admission.Prove(report, policy).Proof?.Signer != key.Address)
        {
            throw new InvalidOperationException("The request is not signed by its key.");
        }

        return new LimitResult(PerSecond(() => Admission.Prove(report, policy)), SyncsPerSecond());
    }

    private static double SyncsPerSecond()
    {
        var path = Path.Combine(Directory.GetCurrentDirectory(), $".bench-{Environment.ProcessId}");
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        var block = new byte[4096];
        return PerSecond(() =>
        {
            file.Write(block);
            file.Flush(flushToDisk: true);
        });
    }

    private static double PerSecond(Action action)
    {
        var started = Stopwatch.GetTimestamp();
        var times = 0;
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(2))
        {
            action();
            times++;
        }

        return times / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
