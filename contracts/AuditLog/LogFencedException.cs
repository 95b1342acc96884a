namespace CapOrleans.Contracts.AuditLog;

/// <summary>Another writer has moved the log: whoever gets this must open it again before it writes.</summary>
public sealed class LogFencedException(string message) : Exception(message);
