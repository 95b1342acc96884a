namespace CapOrleans.Contracts.AuditLog;

/// <summary>Another writer has moved the log: reopen it before writing again.</summary>
public sealed class LogFencedException(string message) : Exception(message);
