namespace Hone.Inference.Caches;

/// <summary>The usual format for a number of bits.</summary>
internal static class KvFormats
{
    public static IKvFormat For(int bits) => bits switch
    {
        32 => new DenseFormat(),
        _ => throw new HoneException($"{bits} bits: no format holds them yet."),
    };
}
