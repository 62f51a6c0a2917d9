namespace Hone.Models.Loading;

/// <summary>How a model is loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>
    /// Keeps the matrices of a GGUF file in the few bits they are stored in instead of decoding them into fp32: several times less
    /// memory, and faster generation, whose inputs are then rounded to 8 bits (about 0.5 % of a typical output). Such a model
    /// generates, scores and carries adapters; it is not trained itself, merged or saved. Other files are not affected.
    /// </summary>
    public bool KeepQuantized { get; init; }
}
