using Microsoft.AspNetCore.Connections;

namespace CapOrleans.HttpEdge.Connections;

/// <summary>Waits for a connection's first byte: a silent connection gets less time than a request.</summary>
internal static class FirstByte
{
    /// <returns>
    /// True when there is something to read, which is left unread. False when nothing arrived in time, or
    /// the peer has gone; the connection is then closed.
    /// </returns>
    public static async Task<bool> ArrivesAsync(ConnectionContext connection, TimeSpan timeout, TimeProvider time)
    {
        using var late = new CancellationTokenSource(timeout, time);
        try
        {
            var read = await connection.Transport.Input.ReadAsync(late.Token);
            var hasBytes = !read.Buffer.IsEmpty;
            connection.Transport.Input.AdvanceTo(read.Buffer.Start);
            return hasBytes;
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            connection.Abort();
            return false;
        }
    }
}
