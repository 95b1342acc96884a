using System.IO.Pipelines;
using System.Net;
using CapOrleans.Core;
using CapOrleans.Core.Access;
using Microsoft.AspNetCore.Connections;

namespace CapOrleans.HttpEdge.Connections;

/// <summary>
/// Limits the cost of TLS handshakes. Where a port asks for client certificates, a stranger's are checked before the
/// stranger is identified, and a long chain of large keys takes more than a tenth of a second of a core: so a handshake
/// is bounded in bytes, few are computed at once, and addresses take turns.
/// </summary>
/// <param name="atOnce">Handshakes computed at once; null for half of the processors, at least one.</param>
public sealed class HandshakeLimit(TimeProvider time, int? atOnce = null)
{
    /// <summary>
    /// Bytes that a peer may send before its handshake has ended: certificates of a few authorities fit. 16 KiB.
    /// </summary>
    public const int MaxBytes = 16 * 1024;

    /// <summary>
    /// Longest time that one handshake may hold up the others, in case it waits for something else. 1 second.
    /// </summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(1);

    private readonly FairScheduler turns = new(atOnce ?? Math.Max(1, Environment.ProcessorCount / 2), ConnectionBudget.MaxConnections,
        ConnectionBudget.MaxPerAddress);

    /// <summary>Middleware before TLS: bounds the handshake.</summary>
    public ConnectionDelegate Bound(ConnectionDelegate next) => async connection =>
    {
        var transport = connection.Transport;
        var address = ClientAddress.Of((connection.RemoteEndPoint as IPEndPoint)?.Address);
        var handshake = new HandshakeReader(transport.Input, cancellationToken => EnterAsync(address, cancellationToken));
        connection.Features.Set(handshake);
        connection.Transport = new Bounded(handshake, transport.Output);
        try
        {
            await next(connection);
        }
        finally
        {
            handshake.End();
            connection.Transport = transport;
        }
    };

    /// <summary>Middleware after TLS: the handshake has ended, and with it the limit.</summary>
    public static ConnectionDelegate End(ConnectionDelegate next) => connection =>
    {
        connection.Features.Get<HandshakeReader>()?.End();
        return next(connection);
    };

    private async ValueTask<IDisposable> EnterAsync(IPAddress address, CancellationToken cancellationToken)
    {
        var entered = new TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var left = cancellationToken.Register(() => entered.TrySetCanceled(cancellationToken));
        var isAdded = turns.TryAdd($"{address}", ComputeAsync, () => entered.TrySetException(new ConnectionAbortedException(
            "Too many TLS handshakes at once.")));
        return isAdded ? await entered.Task : throw new ConnectionAbortedException("Too many TLS handshakes at once.");

        async Task ComputeAsync()
        {
            var (turn, longest) = (new Turn(), Task.Delay(LongestTurn, time, CancellationToken.None));
            if (entered.TrySetResult(turn))
            {
                await Task.WhenAny(turn.Ended, longest);
            }
        }
    }

    private sealed class Bounded(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    private sealed class Turn : IDisposable
    {
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => ended.Task;

        public void Dispose() => ended.TrySetResult();
    }
}
