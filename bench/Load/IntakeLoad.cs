using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace CapOrleans.Bench.Load;

/// <param name="PerSecond">Accepted incidents per second.</param>
/// <param name="P50">Milliseconds per request, like the other percentiles.</param>
internal sealed record LoadResult(double PerSecond, double P50, double P99, double P999, double Max);

/// <summary>
/// Sends each request once, one at a time per connection, and requires every incident in it to be accepted: a figure
/// that includes failures is meaningless.
/// </summary>
internal static class IntakeLoad
{
    /// <param name="perSecond">
    /// Requests per second, at fixed instants whatever the responses do; latency counts from that instant. The first
    /// second, in which the connections warm up, does not count. 0 to send as fast as responses arrive.
    /// </param>
    public static async Task<LoadResult> RunAsync(int port, IReadOnlyList<Request> requests, int connections, double perSecond = 0)
    {
        var next = -1;
        var latencies = new double[requests.Count];
        var sockets = await ConnectAsync(port, connections);
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(sockets.Select(socket => Task.Run(async () =>
        {
            var buffer = new byte[512 * 1024];
            for (int i; (i = Interlocked.Increment(ref next)) < requests.Count;)
            {
                var due = perSecond == 0 ? Stopwatch.GetTimestamp() : started + (long)(i / perSecond * Stopwatch.Frequency);
                var early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early, TimeProvider.System);
                }

                await socket.SendAsync(requests[i].Bytes);
                await ReadAnswerAsync(socket, buffer, requests[i].Incidents);
                latencies[i] = Stopwatch.GetElapsedTime(due).TotalMilliseconds;
            }
        })));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        sockets.ForEach(socket => socket.Dispose());
        var counted = latencies[(int)Math.Min(perSecond, latencies.Length / 2)..];
        Array.Sort(counted);
        double At(double share) => counted[Math.Min(counted.Length - 1, (int)(counted.Length * share))];
        return new LoadResult(requests.Sum(request => request.Incidents) / seconds, At(0.5), At(0.99), At(0.999), counted[^1]);
    }

    private static async Task<List<Socket>> ConnectAsync(int port, int connections)
    {
        var sockets = new List<Socket>();
        for (var i = 0; i < connections; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync("127.0.0.1", port);
            sockets.Add(socket);
        }

        return sockets;
    }

    private static async Task ReadAnswerAsync(Socket socket, byte[] buffer, int incidents)
    {
        var length = 0;
        while (!buffer.AsSpan(0, length).EndsWith("0\r\n\r\n"u8))
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length));
            length += read;
            if (read == 0)
            {
                break;
            }
        }

        var answer = buffer.AsSpan(0, length);
        var accepted = answer.StartsWith("HTTP/1.1 201"u8) || answer.StartsWith("HTTP/1.1 202"u8) ? 1 : answer.StartsWith("HTTP/1.1 200"u8) ? answer.Count("\"status\":201"u8) : 0;
        if (accepted != incidents)
        {
            throw new InvalidOperationException($"{accepted} of {incidents} accepted: {Encoding.UTF8.GetString(answer[..Math.Min(length, 2000)])}");
        }
    }
}
