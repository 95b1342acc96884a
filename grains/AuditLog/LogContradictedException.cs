namespace CapOrleans.Grains.AuditLog;

/// <summary>What the follower reads elsewhere contradicts the log; the message is for an operator.</summary>
internal sealed class LogContradictedException(string message) : Exception(message);
