using Microsoft.AspNetCore.Connections;

namespace CapOrleans.HttpEdge.Connections;

/// <summary>A connection that says nothing is not waited for as long as a request is.</summary>
internal static class FirstByte
{
    /// <returns>True when there is something to read, which is left to be read. False when nothing came in time: then the connection is closed.</returns>
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
