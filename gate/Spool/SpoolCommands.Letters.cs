using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>Operations on dead letters.</summary>
internal sealed partial class SpoolCommands
{
    private readonly SqliteCommand discard = Prepare(connection, "DELETE FROM incident WHERE number = $1 AND refused_at IS NOT NULL");
    private readonly SqliteCommand merge = Prepare(
        connection,
        $"""
        DELETE FROM incident WHERE number IN (
          SELECT other.number FROM incident AS letter JOIN incident AS other ON other.refused_at IS NOT NULL
            AND other.cap_id = letter.cap_id AND other.incident_id = letter.incident_id AND other.content = letter.content
          WHERE letter.number = $1
          ORDER BY other.number LIMIT -1 OFFSET {SpoolLimits.MaxLettersEach})
        """);
    private readonly SqliteCommand revive = Prepare(
        connection,
        $"""
        UPDATE OR IGNORE incident SET refused_at = NULL, status = NULL, problem = NULL WHERE number = $1 AND refused_at IS NOT NULL
        RETURNING length(line), vouched, {Owner}
        """);
    private readonly SqliteCommand drop = Prepare(
        connection,
        """
        DELETE FROM incident WHERE number = $1 AND refused_at IS NOT NULL AND EXISTS (
          SELECT 1 FROM incident AS waiting WHERE waiting.cap_id = incident.cap_id AND waiting.incident_id = incident.incident_id
            AND waiting.content = incident.content AND waiting.refused_at IS NULL AND waiting.says = incident.says)
        RETURNING 0, 1, ''
        """);
    private readonly SqliteCommand findDeadLetter = Prepare(connection,
        "SELECT 0, 1, '' FROM incident WHERE number = $1 AND refused_at IS NOT NULL");
    private readonly SqliteCommand letters = Prepare(connection, "SELECT count(*), 0, '' FROM incident WHERE refused_at IS NOT NULL AND vouched = $1");
    private readonly SqliteCommand trimCaps = Prepare(connection, Trimming("cap_id", "lies_dead_of_cap", isVouched: true));
    private readonly SqliteCommand trimSources = Prepare(connection, Trimming("source", "lies_dead_of_source", isVouched: false));

    /// <returns>Whether there was such a letter.</returns>
    public bool Discard(long number) => Run(discard, number) > 0;

    /// <summary>
    /// Keeps the oldest <see cref="SpoolLimits.MaxLettersEach"/> of the letters with the same signed content.
    /// </summary>
    /// <param name="number">Number of a letter that was just refused.</param>
    /// <returns>How many letters were dropped.</returns>
    public int MergeLetters(long number) => Run(merge, number);

    /// <returns>With the bytes that wait again; zero bytes when the same incident waits already.</returns>
    public (RetryVerdict Verdict, IReadOnlyList<WaitingBytes> Bytes) Revive(long number) =>
        (QueryBytes(revive, number) ?? QueryBytes(drop, number)) is { } waits ? (RetryVerdict.Queued, [waits])
        : (QueryBytes(findDeadLetter, number) is null ? RetryVerdict.NoSuchLetter : RetryVerdict.Conflicts, []);

    /// <returns>How many letters were dropped for newer ones of their kind.</returns>
    public long Trim() => Trim(trimCaps, isVouched: true, SpoolLimits.MaxVouchedDead) + Trim(trimSources, isVouched: false, SpoolLimits.MaxUnvouchedDead);

    private long Trim(SqliteCommand trim, bool isVouched, int most) => QueryBytes(letters,
        isVouched ? 1 : 0)!.Value.Count > most ? Run(trim, most) : 0;

    /// <summary>The owner with the most letters loses its oldest ones first.</summary>
    private static string Trimming(string owner, string index, bool isVouched) =>
        $"""
        DELETE FROM incident WHERE number IN (
          SELECT number FROM (
            SELECT number, row_number() OVER (PARTITION BY {owner} ORDER BY number DESC) AS rank
            FROM incident INDEXED BY {index} WHERE refused_at IS NOT NULL AND vouched = {(isVouched ? 1 : 0)})
          ORDER BY rank, number DESC LIMIT -1 OFFSET $1)
        """;
}
