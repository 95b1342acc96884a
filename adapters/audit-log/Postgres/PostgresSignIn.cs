using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>
/// Bounds the time that opening a connection may take. An impostor on the server's port may ask for so many SCRAM
/// iterations that signing in computes for hours, and Npgsql's own timeout does not interrupt that. The caller gives
/// up, and the next attempt reaches the real server once it is back.
/// </summary>
internal static class PostgresSignIn
{
    /// <summary>For opening one connection. 10 seconds.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <exception cref="TimeoutException">
    /// The connection did not open in time; if it opens later, it is closed.
    /// </exception>
    public static async ValueTask<NpgsqlConnection> WithTimeoutAsync(this ValueTask<NpgsqlConnection> opening,
        TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (opening.IsCompletedSuccessfully)
        {
            return opening.Result; // from the pool
        }

        var connecting = opening.AsTask();
        try
        {
            return await connecting.WaitAsync(timeout, TimeProvider.System, cancellationToken);
        }
        catch
        {
            _ = connecting.ContinueWith(late => late.IsCompletedSuccessfully ? late.Result.CloseAsync() : Task.FromResult(late.Exception), TaskScheduler.Default);
            throw;
        }
    }
}
