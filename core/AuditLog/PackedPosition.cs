namespace CapOrleans.Core.AuditLog;

/// <summary>
/// A position in one of the logs as one number that orders incidents: log * 2^40 + index. Enough for 1,024 logs of
/// a million million entries each.
/// </summary>
public static class PackedPosition
{
    private const int IndexBits = 40;

    public const long MaxIndex = (1L << IndexBits) - 1;

    public static long Of(int log, long index) => ((long)log << IndexBits) | index;
}
