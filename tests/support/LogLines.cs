using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Support;

/// <summary>Records everything that is logged.</summary>
public sealed class LogLines : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Written { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Written.Enqueue($"{formatter(state, exception)} {exception}".TrimEnd());

    public void Dispose()
    {
    }
}
