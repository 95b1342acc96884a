using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;

namespace CapOrleans.Bench.Deliveries;

/// <summary>Sends requests at a steady rate, whatever the answers take.</summary>
internal sealed class PacedSender(HttpClient http, string path, int rate)
{
    private const int Senders = 8;

    /// <param name="bodies">One for each request.</param>
    /// <param name="idOf">The id of what an answer accepts, given the request's number.</param>
    /// <returns>The time of each answer, by id.</returns>
    public async Task<IReadOnlyDictionary<string, long>> SendAsync(byte[][] bodies, Func<HttpResponseMessage, int, Task<string>> idOf)
    {
        var accepted = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var next = -1;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < bodies.Length;)
            {
                var early = Stopwatch.GetElapsedTime(
                    Stopwatch.GetTimestamp(), started + (long)(i / (double)rate * Stopwatch.Frequency));
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early, TimeProvider.System);
                }

                using var content = new ByteArrayContent(bodies[i]);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), content);
                var at = Stopwatch.GetTimestamp();
                answer.EnsureSuccessStatusCode();
                accepted[await idOf(answer, i)] = at;
            }
        }));
        return accepted;
    }
}
