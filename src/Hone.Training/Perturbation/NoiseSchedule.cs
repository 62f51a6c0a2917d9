namespace Hone.Training.Perturbation;

/// <summary>How the strength of the noise changes over a run.</summary>
public enum NoiseSchedule
{
    /// <summary>From 0 to the full strength along half a cosine, the paper's: σ_t = σ · ½ (1 − cos(π t / N)).</summary>
    Cosine,

    /// <summary>σ_t = σ · t / N.</summary>
    Linear,

    /// <summary>σ everywhere.</summary>
    Const,
}

/// <summary>The noise of a run.</summary>
/// <param name="Sigma">Full strength: share of a row's norm; 0 for none.</param>
/// <param name="Schedule">How it is reached.</param>
/// <param name="Every">Noise in one of so many steps.</param>
public sealed record NoiseSettings(double Sigma, NoiseSchedule Schedule = NoiseSchedule.Cosine, int Every = 1)
{
    /// <summary>Strength at a step.</summary>
    /// <param name="step">t, from 0.</param>
    /// <param name="steps">N, the whole run.</param>
    public double At(int step, int steps) => Schedule switch
    {
        NoiseSchedule.Cosine => Sigma * 0.5 * (1 - Math.Cos(Math.PI * step / steps)),
        NoiseSchedule.Linear => Sigma * step / steps,
        _ => Sigma,
    };
}
