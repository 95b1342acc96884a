using System.Globalization;
using System.Text;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Bench;

/// <summary>Whole HTTP requests, signed beforehand, so that the load generator only writes bytes.</summary>
internal static class SignedRequests
{
    public static List<byte[]> Make(PrivateKey key, int count, DateTimeOffset now)
    {
        var run = now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        var timestamp = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var requests = new byte[count][];
        Parallel.For(0, count, i =>
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"B-{run}-{i}");
            var signature = key.Sign(IdentityV1.Hash(id, "SYS-CORE", "bench.local", timestamp));
            var body = $$"""{"task_id":"{{id}}","cap_id":"SYS-CORE","agent":"bench.local","timestamp":"{{timestamp}}","severity":"normal","description":"nginx returned 502 for 37 s","f_e":0.5,"m_e":0.1,"signer":"{{key.Address}}","signature":"{{signature}}"}""";
            requests[i] = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"POST /v1/incidents HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        });
        return [.. requests];
    }
}
