using System.Globalization;
using System.Text;

namespace CapOrleans.Bench.Load;

/// <summary>A complete HTTP request, and how many incidents its response must accept.</summary>
internal sealed record Request(byte[] Bytes, int Incidents)
{
    public static IReadOnlyList<Request> Singles(IEnumerable<byte[]> incidents, string path = "/v1/incidents") =>
        [.. incidents.Select(incident => Of(path, "application/json", incident, 1))];

    public static IReadOnlyList<Request> Batches(IEnumerable<byte[]> incidents, int size) =>
        [.. incidents.Chunk(size).Select(lines =>
        {
            var body = new MemoryStream();
            foreach (var line in lines)
            {
                body.Write(line);
                body.WriteByte((byte)'\n');
            }

            return Of("/v1/incidents:batch", "application/x-ndjson", body.ToArray(), lines.Length);
        })];

    private static Request Of(string path, string contentType, byte[] body, int incidents) => new(
        [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {contentType}\r\nContent-Length: {body.Length}\r\n\r\n")), .. body],
        incidents);
}
