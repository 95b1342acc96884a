namespace CapOrleans.Grains.AuditLog;

/// <summary>Which logs a deployment has: one.</summary>
internal static class AuditLogs
{
    public const int Only = 0;
}
