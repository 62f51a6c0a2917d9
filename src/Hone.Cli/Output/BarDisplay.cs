using Spectre.Console;

namespace Hone.Cli.Output;

/// <summary>
/// The bars that are on the screen now. Spectre.Console draws them inside one call that lasts as long as any bar does, so
/// that call runs on a task of its own, from the first bar to the last.
/// </summary>
internal sealed class BarDisplay(TextWriter error) : IDisposable
{
    private readonly Lock gate = new();
    private readonly IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
    private ProgressContext? context;
    private TaskCompletionSource? ending;
    private Task? drawing;
    private int active;

    public bool IsActive => active > 0;

    /// <summary>Shows a bar; without a total it only moves to and fro.</summary>
    public ProgressTask Add(string title, long total)
    {
        lock (gate)
        {
            context ??= Begin();
            active++;
            ProgressTask bar = context.AddTask(Markup.Escape(title), maxValue: Math.Max(1, total));
            bar.IsIndeterminate = total == 0;
            return bar;
        }
    }

    public void Remove(ProgressTask bar)
    {
        lock (gate)
        {
            bar.StopTask();
            if (--active == 0) End();
        }
    }

    /// <summary>A line above the bars.</summary>
    public void WriteLine(string text) => console.WriteLine(text);

    public void Dispose()
    {
        lock (gate) End();
    }

    private ProgressContext Begin()
    {
        TaskCompletionSource<ProgressContext> begun = new();
        TaskCompletionSource end = ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Progress progress = console.Progress().AutoClear(true).HideCompleted(true)
            .Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left });
        drawing = Task.Run(() => progress.StartAsync(async context =>
        {
            begun.SetResult(context);
            await end.Task;
        }));
        Task.WaitAny(begun.Task, drawing);
        return begun.Task.IsCompletedSuccessfully ? begun.Task.Result : throw new IOException("The terminal cannot draw bars.");
    }

    private void End()
    {
        ending?.TrySetResult();
        drawing?.Wait(TimeSpan.FromSeconds(2));
        (context, ending, drawing, active) = (null, null, null, 0);
    }
}
