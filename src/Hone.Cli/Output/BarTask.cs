using Spectre.Console;

namespace Hone.Cli.Output;

/// <summary>Progress on a terminal: a bar that appears once the task has lasted two seconds.</summary>
internal sealed class BarTask : IProgressTask
{
    private readonly Lock gate = new();
    private readonly ConsoleReporter reporter;
    private readonly Pace pace;
    private readonly string title;
    private readonly string unit;
    private readonly Timer appearance;
    private ProgressTask? bar;
    private string note = "";
    private bool isOver;

    public BarTask(ConsoleReporter reporter, string title, string unit, Pace pace)
    {
        (this.reporter, this.title, this.unit, this.pace) = (reporter, title, unit, pace);
        appearance = new Timer(_ => Appear(), null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
    }

    public void Advance(long units, string? note = null)
    {
        lock (gate)
        {
            pace.Advance(units);
            if (note is not null) this.note = note;
            if (bar is not null) Update(bar);
        }
    }

    public void Dispose()
    {
        appearance.Dispose();
        lock (gate)
        {
            if (isOver) return;
            isOver = true;
            if (bar is null) return;
            reporter.Bars.Remove(bar);
        }
        reporter.Write($"{title}: {pace.Done:#,0} {unit} in {Pace.Duration(pace.Seconds)} ({Pace.Number(pace.Done / pace.Seconds)} {unit}/s)");
    }

    private void Appear()
    {
        lock (gate)
        {
            if (isOver) return;
            try
            {
                bar = reporter.Bars.Add(title, pace.Total);
                Update(bar);
            }
            catch (Exception)
            {
                bar = null; // On a timer's thread an exception would end the process: no bar is worth a training run.
            }
        }
    }

    private void Update(ProgressTask bar)
    {
        bar.Value = pace.Done;
        string left = pace.SecondsLeft is { } seconds ? $", {Pace.Duration(seconds)} left" : "";
        string count = pace.Total > 0 ? $"{pace.Done:#,0}/{pace.Total:#,0}" : $"{pace.Done:#,0}";
        string state = note.Length > 0 ? $", {note}" : "";
        bar.Description = Markup.Escape($"{title} {count} {unit}, {Pace.Number(pace.Rate)}/s{left}{state}");
    }
}
