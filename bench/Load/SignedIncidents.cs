using System.Globalization;
using System.Text;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Bench.Load;

/// <summary>Distinct incidents, signed in advance so that the load generator only writes bytes.</summary>
internal sealed class SignedIncidents(PrivateKey key, IReadOnlyList<string> capIds)
{
    private long made;

    /// <returns>JSON objects, each on one line; the CapIDs alternate.</returns>
    public byte[][] Make(int count, string severity = "normal")
    {
        var now = TimeProvider.System.GetUtcNow();
        var timestamp = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var first = Interlocked.Add(ref made, count) - count;
        var incidents = new byte[count][];
        Parallel.For(0, count, i =>
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"B-{now.ToUnixTimeMilliseconds()}-{first + i}");
            var capId = capIds[(int)((first + i) % capIds.Count)];
            var signature = key.Sign(IdentityV1.Hash(id, capId, "bench.local", timestamp));
            incidents[i] = Encoding.UTF8.GetBytes($$"""{"task_id":"{{id}}","cap_id":"{{capId}}","agent":"bench.local","timestamp":"{{timestamp}}","severity":"{{severity}}","description":"nginx returned 502 for 37 s","f_e":0.5,"m_e":0.1,"signer":"{{key.Address}}","signature":"{{signature}}"}""");
        });
        return incidents;
    }
}
