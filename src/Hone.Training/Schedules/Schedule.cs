using Hone.Core;

namespace Hone.Training.Schedules;

/// <summary>
/// Learning rate by step, under the names users of transformers know. <see cref="Factor"/> multiplies the peak rate.
/// The first step of a linear warm-up has rate 0, as there.
/// </summary>
public sealed record Schedule
{
    /// <summary>
    /// constant, constant_with_warmup, linear, cosine, cosine_with_restarts, polynomial, inverse_sqrt, cosine_with_min_lr,
    /// cosine_warmup_with_min_lr, warmup_stable_decay, or trapezoid (warm-up, constant, linear to zero).
    /// </summary>
    public string Name { get; init; } = "linear";

    /// <summary>Steps of rising rate, ≥ 0.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>Steps in all, > 0.</summary>
    public int TotalSteps { get; init; } = 1;

    /// <summary>Cosine periods: 0.5 ends at zero. For restarts, the number of hard restarts (1 by default).</summary>
    public double? Cycles { get; init; }

    /// <summary>Exponent of polynomial decay.</summary>
    public double Power { get; init; } = 1.0;

    /// <summary>Polynomial: final rate as a share of the peak rate (transformers: 1e-7 absolute).</summary>
    public double EndShare { get; init; }

    /// <summary>Lowest rate as a share of the peak rate (the min_lr variants and warmup_stable_decay).</summary>
    public double MinShare { get; init; }

    /// <summary>inverse_sqrt: null takes the warm-up steps, or 10,000 without warm-up.</summary>
    public int? Timescale { get; init; }

    /// <summary>warmup_stable_decay and trapezoid: steps of falling rate.</summary>
    public int DecaySteps { get; init; }

    /// <summary>warmup_stable_decay: constant steps; null takes what warm-up and decay leave.</summary>
    public int? StableSteps { get; init; }

    /// <summary>warmup_stable_decay: linear, cosine or 1-sqrt.</summary>
    public string DecayType { get; init; } = "cosine";

    /// <summary>warmup_stable_decay: linear or cosine.</summary>
    public string WarmupType { get; init; } = "linear";

    /// <summary>cosine_warmup_with_min_lr: the first rate as a share of the peak; null takes one over the warm-up steps.</summary>
    public double? WarmupShare { get; init; }

    private static readonly string[] Known =
    [
        "constant", "constant_with_warmup", "linear", "cosine", "cosine_with_restarts", "polynomial", "inverse_sqrt",
        "cosine_with_min_lr", "cosine_warmup_with_min_lr", "warmup_stable_decay", "trapezoid",
    ];

    /// <summary>Factor on the peak rate at 0-based step <paramref name="step"/>.</summary>
    /// <exception cref="HoneException">The name is not known.</exception>
    public double Factor(int step) => Name switch
    {
        "constant" => 1,
        "constant_with_warmup" => Warmup(step) ?? 1,
        "linear" => Warmup(step) ?? Math.Max(0, (double)(TotalSteps - step) / Math.Max(1, TotalSteps - WarmupSteps)),
        "cosine" => Warmup(step) ?? Math.Max(0, HalfCosine(2 * (Cycles ?? 0.5) * Progress(step))),
        "cosine_with_restarts" => Warmup(step) ?? Restarts(Progress(step)),
        "polynomial" => Warmup(step) ?? Polynomial(step),
        "inverse_sqrt" => Warmup(step) ?? InverseSqrt(step),
        "cosine_with_min_lr" => Warmup(step) ?? Floor(HalfCosine(2 * (Cycles ?? 0.5) * Progress(step))),
        "cosine_warmup_with_min_lr" => CosineWarmupWithMinimum(step),
        "warmup_stable_decay" => WarmupStableDecay(step),
        "trapezoid" => Warmup(step) ?? Math.Clamp((double)(TotalSteps - step) / Math.Max(1, DecaySteps), 0, 1),
        _ => throw HoneException.Unknown("schedule", Name, Known),
    };

    /// <summary>A warm-up setting as transformers reads it: below 1 it is a share of the total, rounded up; else a count.</summary>
    public static int WarmupCount(double setting, int totalSteps) =>
        setting < 1 ? (int)Math.Ceiling(setting * totalSteps) : (int)setting;

    private double? Warmup(int step) => step < WarmupSteps ? (double)step / Math.Max(1, WarmupSteps) : null;

    private double Progress(int step) => (double)(step - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps);

    /// <summary>(1 + cos(π·x)) / 2: from 1 at 0 to 0 at 1, and up again after it.</summary>
    private static double HalfCosine(double x) => 0.5 * (1 + Math.Cos(Math.PI * x));

    private double Floor(double factor) => Math.Max(0, factor * (1 - MinShare) + MinShare);

    private double Restarts(double progress) =>
        progress >= 1 ? 0 : Math.Max(0, HalfCosine((Cycles ?? 1) * progress % 1.0));

    private double Polynomial(int step)
    {
        if (step > TotalSteps) return EndShare;
        double left = 1 - (double)(step - WarmupSteps) / (TotalSteps - WarmupSteps);
        return (1 - EndShare) * Math.Pow(left, Power) + EndShare;
    }

    private double InverseSqrt(int step)
    {
        int timescale = Timescale ?? (WarmupSteps > 0 ? WarmupSteps : 10_000);
        return 1 / Math.Sqrt((double)(step + timescale - WarmupSteps) / timescale);
    }

    private double CosineWarmupWithMinimum(int step)
    {
        if (step >= WarmupSteps) return Floor(HalfCosine(2 * (Cycles ?? 0.5) * ((step - WarmupSteps + 1.0) / Math.Max(1, TotalSteps - WarmupSteps))));
        if (WarmupShare is not { } start) return (step + 1.0) / Math.Max(1, WarmupSteps);
        return start + (1 - start) * step / Math.Max(1, WarmupSteps - 1);
    }

    private double WarmupStableDecay(int step)
    {
        int stable = StableSteps ?? TotalSteps - WarmupSteps - DecaySteps;
        if (step < WarmupSteps)
        {
            double x = (double)step / Math.Max(1, WarmupSteps);
            return Lift(Shape(WarmupType, x));
        }
        if (step < WarmupSteps + stable) return 1;
        if (step < WarmupSteps + stable + DecaySteps)
        {
            double x = (double)(step - WarmupSteps - stable) / Math.Max(1, DecaySteps);
            return Lift(DecayType switch
            {
                "linear" => 1 - x,
                "1-sqrt" => 1 - Math.Sqrt(x),
                "cosine" => Math.Max(0, HalfCosine(2 * (Cycles ?? 0.5) * x)),
                _ => throw HoneException.Unknown("decay type", DecayType, ["linear", "cosine", "1-sqrt"]),
            });
        }
        return MinShare;

        static double Shape(string type, double x) => type switch
        {
            "linear" => x,
            "cosine" => 0.5 * (1 - Math.Cos(Math.PI * x)),
            "1-sqrt" => 1 - Math.Sqrt(1 - x),
            _ => throw HoneException.Unknown("warm-up type", type, ["linear", "cosine", "1-sqrt"]),
        };
        double Lift(double factor) => Math.Max(0, factor * (1 - MinShare) + MinShare);
    }
}
