namespace Hone.Training.Optimizers;

/// <summary>Whose Adafactor.</summary>
public enum AdafactorForm
{
    /// <summary>transformers.Adafactor: a small number is added to every square.</summary>
    Transformers,

    /// <summary>torch.optim.Adafactor: the rate is capped by 1 / √step and always scaled by the parameter's size.</summary>
    Torch,
}

/// <summary>Settings of <see cref="Adafactor"/>. Defaults are what transformers' Trainer uses for optim="adafactor".</summary>
public sealed record AdafactorOptions
{
    public AdafactorForm Form { get; init; }

    /// <summary>Transformers: added to squares (eps[0]). Torch: least mean, and its square the least second moment (eps[0]; there the machine's epsilon by default).</summary>
    public double SquareEpsilon { get; init; } = 1e-30;

    /// <summary>Least size of a parameter that rates are scaled by (eps[1]).</summary>
    public double ParameterEpsilon { get; init; } = 1e-3;

    /// <summary>Updates with a larger root mean square are scaled down to it (clip_threshold, or torch's d).</summary>
    public double ClipThreshold { get; init; } = 1;

    /// <summary>Weight of new squares at step t is t to this power (decay_rate, beta2_decay).</summary>
    public double DecayRate { get; init; } = -0.8;

    /// <summary>Transformers: smoothing of updates; 0 for none.</summary>
    public double Beta1 { get; init; }

    /// <summary>Weight decay of every parameter.</summary>
    public double Decay { get; init; }

    /// <summary>Transformers: scale the rate by the parameter's size.</summary>
    public bool ScaleParameter { get; init; }

    /// <summary>Transformers: a rate from the step's number instead of the given one.</summary>
    public bool RelativeStep { get; init; }

    /// <summary>Transformers: start that rate small.</summary>
    public bool WarmupInit { get; init; }
}
