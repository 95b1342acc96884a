using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>
/// Recognises the faults of a disk that is full, read-only, broken or gone, whichever call meets them.
/// </summary>
internal static class SpoolFault
{
    public static bool Is(Exception fault) => fault is SqliteException or IOException or UnauthorizedAccessException;
}
