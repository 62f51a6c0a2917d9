namespace Hone.Cli.Output;

/// <summary>
/// Progress without a terminal: a line after 2 seconds, then ever less often (10, 20, 40 s ... at most every 5 minutes), and
/// one at the end. A log of a long run stays short.
/// </summary>
internal sealed class LineTask(ConsoleReporter reporter, string title, string unit, Pace pace) : IProgressTask
{
    private const double LongestPause = 300;

    private readonly Lock gate = new();
    private double next = 2;
    private double pause = 10;
    private bool isShown;
    private bool isOver;

    public void Advance(long units, string? note = null)
    {
        lock (gate)
        {
            pace.Advance(units);
            if (pace.Seconds < next || isOver) return;
            next = pace.Seconds + pause;
            pause = Math.Min(2 * pause, LongestPause);
            isShown = true;
            reporter.Write(State(note));
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (isShown && !isOver)
                reporter.Write($"{title}: {pace.Done:#,0} {unit} in {Pace.Duration(pace.Seconds)} ({Pace.Number(pace.Done / pace.Seconds)} {unit}/s)");
            isOver = true;
        }
    }

    private string State(string? note)
    {
        string count = pace.Total > 0 ? $"{pace.Done:#,0}/{pace.Total:#,0} {unit}, {100.0 * pace.Done / pace.Total:0} %" : $"{pace.Done:#,0} {unit}";
        string left = pace.SecondsLeft is { } seconds ? $", {Pace.Duration(seconds)} left" : "";
        return $"{title}: {count}, {Pace.Number(pace.Rate)} {unit}/s{left}{(note is null ? "" : $", {note}")}";
    }
}
