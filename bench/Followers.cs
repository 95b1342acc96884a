using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace CapOrleans.Bench;

/// <summary>Waits until archive and chain have everything that was accepted.</summary>
internal static class Followers
{
    /// <returns>Seconds.</returns>
    public static async Task<double> CatchUpAsync(int port)
    {
        using var http = new HttpClient();
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var ready = await http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{port}/health/ready");
            if (ready.GetProperty("followers").EnumerateArray().All(follower => follower.GetProperty("lag").GetInt64() == 0))
            {
                return Stopwatch.GetElapsedTime(started).TotalSeconds;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }
}
