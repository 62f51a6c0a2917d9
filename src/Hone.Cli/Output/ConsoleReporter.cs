namespace Hone.Cli.Output;

/// <summary>
/// Progress on standard error, so that standard output stays clean: bars on a terminal, plain lines at sensible intervals
/// elsewhere. A task shorter than two seconds is not shown. Thread-safe.
/// </summary>
/// <param name="error">Where to write.</param>
/// <param name="isTerminal">Whether it can draw bars.</param>
/// <param name="isQuiet">Only warnings.</param>
/// <param name="clock">The time; null for the real one.</param>
public sealed class ConsoleReporter(TextWriter error, bool isTerminal, bool isQuiet, TimeProvider? clock = null) : IReporter, IDisposable
{
    private readonly Lock gate = new();
    private readonly TimeProvider clock = clock ?? TimeProvider.System;
    private BarDisplay? bars;

    public void Line(string text)
    {
        if (!isQuiet) Write(text);
    }

    public void Warn(string text) => Write($"warning: {text}");

    public IProgressTask Start(string title, long total, string unit)
    {
        if (isQuiet) return IReporter.Silent.Start(title, total, unit);
        Pace pace = new(clock, total);
        return isTerminal ? new BarTask(this, title, unit, pace) : new LineTask(this, title, unit, pace);
    }

    /// <summary>Takes the bars off the screen.</summary>
    public void Dispose()
    {
        lock (gate) bars?.Dispose();
    }

    internal BarDisplay Bars
    {
        get
        {
            lock (gate) return bars ??= new BarDisplay(error);
        }
    }

    internal void Write(string text)
    {
        lock (gate)
        {
            if (bars is { IsActive: true }) bars.WriteLine(text);
            else error.WriteLine(text);
        }
    }
}
