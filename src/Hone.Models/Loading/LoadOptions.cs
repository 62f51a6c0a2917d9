namespace Hone.Models.Loading;

/// <summary>How a model is loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>
    /// Keeps the matrices of a GGUF file in the few bits they are stored in instead of decoding them into fp32: several times less
    /// memory, and faster generation, whose inputs are then rounded as <see cref="PreciseInputs"/> says. Such a model generates, scores
    /// and carries adapters; it is not trained itself, merged or saved. Other files are not affected.
    /// </summary>
    public bool KeepQuantized { get; init; }

    /// <summary>
    /// Inputs of quantised matrices keep all their bits instead of 8: the results are those of fp32. Reading a prompt then takes as long as
    /// with fp32 weights, writing one answer hardly longer than with 8 bits.
    /// </summary>
    public bool PreciseInputs { get; init; }

    /// <summary>
    /// Rounds matrices of more bits to 8 (blocks of 32 with one scale, Q8_0) while loading, whatever the file: a quarter of the memory of
    /// fp32, and multiplied as integers. What <see cref="KeepQuantized"/> says of such a model holds here too.
    /// </summary>
    public bool RoundToInt8 { get; init; }
}
