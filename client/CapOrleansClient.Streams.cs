using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Client;

/// <summary>The stream of incidents.</summary>
public sealed partial class CapOrleansClient
{
    /// <summary>
    /// Timeout of a stream. Heartbeats arrive every 15 seconds, so the connection is lost when nothing arrives for
    /// longer.
    /// </summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(45);

    public async IAsyncEnumerable<IncidentEvent> StreamIncidentsAsync(
        IncidentFilter filter, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = string.Join('&', [.. Part("cap", filter.CapId),
            .. Part("severity", filter.Severities is { Count: > 0 } severities ? string.Join(',', severities) : null), .. Part("after",
                after)]);
        using var opened = await server.OpenAsync(Call.Get($"v1/incidents/stream?{query}".TrimEnd('?')), cancellationToken);
        await using var stream = new BoundedEvents(await opened.Content.ReadAsStreamAsync(cancellationToken));
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(IdleTimeout);
        await using var events = SseParser.Create(stream, (kind, data) => Read(kind, data)).EnumerateAsync(
            silence.Token).GetAsyncEnumerator(silence.Token);
        while (await NextAsync())
        {
            stream.ResetLimit();
            silence.CancelAfter(IdleTimeout);
            yield return new IncidentEvent(events.Current.EventId ?? "", events.Current.EventType, events.Current.Data);
        }

        async Task<bool> NextAsync()
        {
            try
            {
                return await server.TranslateFaultsAsync(() => events.MoveNextAsync().AsTask(), cancellationToken);
            }
            catch (JsonException fault)
            {
                throw server.UnexpectedAnswer(200, inner: fault);
            }
        }

        static IEnumerable<string> Part(string name, string? value) => value is null ? [] : [$"{name}={Uri.EscapeDataString(value)}"];
    }

    private static IncidentView? Read(string kind, ReadOnlySpan<byte> data) => kind == IncidentEvent.Heartbeat ? null
        : JsonSerializer.Deserialize(data, ClientJson.Default.IncidentView) ?? throw new JsonException("It is null.");

    /// <summary>Limits each event to 4 MiB, whatever the server sends.</summary>
    private sealed class BoundedEvents(Stream inner) : Stream
    {
        private const int MaxEventBytes = 4 << 20;

        private int left = MaxEventBytes;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        /// <summary>Resets the limit after an event.</summary>
        public void ResetLimit() => left = MaxEventBytes;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            return (left -= read) >= 0 ? read : throw new IOException($"An event has more than {MaxEventBytes >> 20} MiB.");
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
