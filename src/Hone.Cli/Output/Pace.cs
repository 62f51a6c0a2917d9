namespace Hone.Cli.Output;

/// <summary>How fast a task goes and how long it will take, from the last half minute of it.</summary>
internal sealed class Pace(TimeProvider clock, long total)
{
    private const double WindowSeconds = 30;

    private readonly long start = clock.GetTimestamp();
    private readonly Queue<(double Seconds, long Done)> window = new([(0, 0)]);

    public long Done { get; private set; }

    public long Total => total;

    /// <summary>Seconds since the task began.</summary>
    public double Seconds => clock.GetElapsedTime(start).TotalSeconds;

    /// <summary>Units per second: over the last half minute while it runs.</summary>
    public double Rate { get; private set; }

    /// <summary>Seconds until the total is reached; null when that is unknown.</summary>
    public double? SecondsLeft => total > 0 && Rate > 0 ? Math.Max(0, total - Done) / Rate : null;

    public void Advance(long units)
    {
        Done += units;
        double now = Seconds;
        while (window.Count > 1 && now - window.Peek().Seconds > WindowSeconds) window.Dequeue();
        (double since, long before) = window.Peek();
        if (now > since) Rate = (Done - before) / (now - since);
        // At most about two entries a second, so that a million small steps cost nothing.
        if (now - window.Last().Seconds >= 0.5) window.Enqueue((now, Done));
    }

    /// <summary><c>75 s</c>, <c>12 min</c>, <c>3 h 20 min</c>.</summary>
    public static string Duration(double seconds) => seconds switch
    {
        < 9.95 => $"{seconds:0.0} s",
        < 120 => $"{seconds:0} s",
        < 7200 => $"{seconds / 60:0} min",
        _ => $"{Math.Floor(seconds / 3600):0} h {Math.Floor(seconds % 3600 / 60):0} min",
    };

    /// <summary><c>0.25</c>, <c>12.3</c>, <c>4,567</c>.</summary>
    public static string Number(double value) => value switch
    {
        < 10 => value.ToString("0.##"),
        < 100 => value.ToString("0.#"),
        _ => value.ToString("#,0"),
    };
}
