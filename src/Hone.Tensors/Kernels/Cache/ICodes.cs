namespace Hone.Tensors.Kernels.Cache;

/// <summary>Packed codes of a number of bits, read as a vector of numbers. Shifts are written where they are used: a field of a class
/// would have to be asked for whether it is there yet, in loops that are compiled only once.</summary>
internal unsafe interface ICodes<TVector> where TVector : struct
{
    /// <summary>The codes of columns <paramref name="at"/> and following.</summary>
    /// <param name="row">First byte of the row.</param>
    /// <param name="at">A multiple of the vector's lanes.</param>
    static abstract TVector Load(byte* row, int at);
}
