using Hone.Cli.Output;

namespace Hone.Tests.Cli;

public class ConsoleReporterTests
{
    private readonly StringWriter error = new();
    private readonly ManualClock clock = new();

    [Fact]
    public void A_short_task_says_nothing()
    {
        using ConsoleReporter reporter = new(error, false, false, clock);
        using (IProgressTask task = reporter.Start("training", 3, "steps"))
            for (int i = 0; i < 3; i++) Step(task, 0.5);
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public void A_long_task_says_how_far_how_fast_and_how_long_still()
    {
        using ConsoleReporter reporter = new(error, false, false, clock);
        using (IProgressTask task = reporter.Start("training", 2000, "steps"))
            for (int i = 0; i < 200; i++) Step(task, 1, 10, "loss 1.5");
        string[] lines = error.ToString().ReplaceLineEndings("\n").TrimEnd().Split('\n');
        Assert.Equal("training: 20/2,000 steps, 1 %, 10 steps/s, 198 s left, loss 1.5".Replace("198 s", "3 min"), lines[0]);
        Assert.Equal("training: 120/2,000 steps, 6 %, 10 steps/s, 3 min left, loss 1.5", lines[1]);   // 2 s, then after 10, 20, 40, 80 s
        Assert.Equal("training: 2,000 steps in 3 min (10 steps/s)", lines[^1]);
        Assert.Equal(6, lines.Length);
    }

    [Fact]
    public void Quiet_leaves_only_warnings()
    {
        using ConsoleReporter reporter = new(error, false, true, clock);
        reporter.Line("a remark");
        reporter.Warn("a warning");
        using (IProgressTask task = reporter.Start("training", 3, "steps")) Step(task, 100);
        Assert.Equal("warning: a warning", error.ToString().Trim());
    }

    [Fact]
    public void The_rate_is_that_of_the_last_half_minute()
    {
        Pace pace = new(clock, 0);
        for (int i = 0; i < 100; i++) Tick(pace, 1, 1);
        for (int i = 0; i < 40; i++) Tick(pace, 1, 5);
        Assert.Equal(5, pace.Rate, 6);
        Assert.Null(pace.SecondsLeft);
    }

    [Theory]
    [InlineData(0.25, "0.3 s")]
    [InlineData(75, "75 s")]
    [InlineData(725, "12 min")]
    [InlineData(12000, "3 h 20 min")]
    public void Durations_are_short(double seconds, string expected) => Assert.Equal(expected, Pace.Duration(seconds));

    private void Step(IProgressTask task, double seconds, long units = 1, string? note = null)
    {
        clock.Advance(seconds);
        task.Advance(units, note);
    }

    private void Tick(Pace pace, double seconds, long units)
    {
        clock.Advance(seconds);
        pace.Advance(units);
    }

    private sealed class ManualClock : TimeProvider
    {
        private long ticks;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => ticks;

        public void Advance(double seconds) => ticks += (long)(seconds * 1000);
    }
}
