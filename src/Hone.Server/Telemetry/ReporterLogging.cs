using Microsoft.Extensions.Logging;

namespace Hone.Server.Telemetry;

/// <summary>Errors of the web server on the command line's reporter.</summary>
internal sealed class ReporterLogging(IReporter reporter) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose() { }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) reporter.Warn(exception is null ? formatter(state, exception) : $"{formatter(state, exception)}: {exception}");
    }
}
