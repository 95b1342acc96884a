using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>What a disk does that is full, read-only, broken or gone, by whatever call it is met.</summary>
internal static class SpoolFault
{
    public static bool Is(Exception fault) => fault is SqliteException or IOException or UnauthorizedAccessException;
}
