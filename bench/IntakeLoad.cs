using System.Diagnostics;
using System.Net.Sockets;

namespace CapOrleans.Bench;

/// <param name="P50">Milliseconds, as are the others.</param>
internal sealed record IntakeResult(double PerSecond, double P50, double P99, double Max);

/// <summary>Sends each request once, one at a time per connection, and demands 201 for every one.</summary>
internal static class IntakeLoad
{
    public static async Task<IntakeResult> RunAsync(int port, IReadOnlyList<byte[]> requests, int connections)
    {
        var next = -1;
        var latencies = new double[requests.Count];
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync("127.0.0.1", port);
            var buffer = new byte[16 * 1024];
            for (int i; (i = Interlocked.Increment(ref next)) < requests.Count;)
            {
                var sent = Stopwatch.GetTimestamp();
                await socket.SendAsync(requests[i]);
                await ReadAnswerAsync(socket, buffer);
                latencies[i] = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
            }
        })));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Array.Sort(latencies);
        return new IntakeResult(requests.Count / seconds, latencies[requests.Count / 2], latencies[requests.Count * 99 / 100], latencies[^1]);
    }

    /// <summary>Reads to the last chunk. An answer that is no 201 ends the run: a figure with failures in it is none.</summary>
    private static async Task ReadAnswerAsync(Socket socket, byte[] buffer)
    {
        var length = 0;
        while (!buffer.AsSpan(0, length).EndsWith("0\r\n\r\n"u8))
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length));
            length += read;
            if (read == 0 || (length > 16 && !buffer.AsSpan(0, length).StartsWith("HTTP/1.1 201"u8)))
            {
                throw new InvalidOperationException($"Not accepted: {System.Text.Encoding.UTF8.GetString(buffer, 0, length)}");
            }
        }
    }
}
