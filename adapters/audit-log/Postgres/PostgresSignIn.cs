using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>
/// Whoever has taken the server's port may ask for so many rounds of SCRAM that a sign-in computes for hours, and Npgsql's own timeout does
/// not hold meanwhile. Nobody waits for that: who comes next connects to the server that is there again.
/// </summary>
internal static class PostgresSignIn
{
    /// <summary>For a connection. 10 seconds.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <exception cref="TimeoutException">It did not open; should it open later, it is closed.</exception>
    public static async ValueTask<NpgsqlConnection> InTimeAsync(this ValueTask<NpgsqlConnection> opening, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (opening.IsCompletedSuccessfully)
        {
            return opening.Result; // of the pool
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
