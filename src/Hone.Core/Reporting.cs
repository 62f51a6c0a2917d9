namespace Hone.Core;

/// <summary>
/// How long work tells of itself. The command line draws bars on a terminal and plain lines elsewhere; tests pass
/// <see cref="Silent"/>.
/// </summary>
public interface IReporter
{
    /// <summary>One line of plain text for the reader.</summary>
    void Line(string text);

    /// <summary>Something the reader should notice, but that does not stop the work.</summary>
    void Warn(string text);

    /// <summary>Starts a task of <paramref name="total"/> units (0 when unknown); rate and time left are shown from it.</summary>
    IProgressTask Start(string title, long total, string unit);

    /// <summary>Says nothing.</summary>
    static IReporter Silent { get; } = new SilentReporter();

    private sealed class SilentReporter : IReporter, IProgressTask
    {
        public void Line(string text) { }

        public void Warn(string text) { }

        public IProgressTask Start(string title, long total, string unit) => this;

        public void Advance(long units, string? note = null) { }

        public void Dispose() { }
    }
}

/// <summary>One bar. Disposing it ends the task.</summary>
public interface IProgressTask : IDisposable
{
    /// <summary>Adds finished units; <paramref name="note"/> is a short state such as a loss.</summary>
    void Advance(long units, string? note = null);
}
