namespace CapOrleans.Grains.Consumers;

/// <summary>What the consumer reads elsewhere contradicts the log; the message is for an operator.</summary>
internal sealed class LogContradictedException(string message) : Exception(message);
