using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace CapOrleans.HttpEdge.Connections;

/// <summary>
/// Passes on to TLS what a peer sends. Until the handshake has ended, it does so in turns: a turn lasts from the moment
/// that bytes are handed over until TLS asks for more, which is the time that TLS computes.
/// </summary>
/// <param name="enter">Waits for a turn; its result is disposed when the turn is over.</param>
internal sealed class HandshakeReader(PipeReader input, Func<CancellationToken, ValueTask<IDisposable>> enter) : PipeReader
{
    private IDisposable? turn;
    private ReadResult last;
    private long taken;
    private volatile bool hasEnded;

    public void End()
    {
        hasEnded = true;
        Leave();
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        hasEnded ? input.ReadAsync(cancellationToken) : ReadInTurnAsync(cancellationToken);

    private async ValueTask<ReadResult> ReadInTurnAsync(CancellationToken cancellationToken)
    {
        Leave();
        if (taken > HandshakeLimit.MaxBytes)
        {
            throw new ConnectionAbortedException($"A TLS handshake has at most {HandshakeLimit.MaxBytes} bytes.");
        }

        last = await input.ReadAsync(cancellationToken);
        turn = await enter(cancellationToken);
        if (hasEnded)
        {
            Leave();
        }

        return last;
    }

    public override bool TryRead(out ReadResult result)
    {
        result = default;
        return hasEnded && input.TryRead(out result); // a handshake is read with ReadAsync, which can wait for its turn
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!hasEnded)
        {
            taken += last.Buffer.Slice(0, consumed).Length;
        }

        input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        Leave();
        input.Complete(exception);
    }

    private void Leave() => Interlocked.Exchange(ref turn, null)?.Dispose();
}
