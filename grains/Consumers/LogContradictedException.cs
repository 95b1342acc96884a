namespace CapOrleans.Grains.Consumers;

/// <summary>What the consumer reads outside the log contradicts the log. The message is for an operator.</summary>
internal sealed class LogContradictedException(string message) : Exception(message);
