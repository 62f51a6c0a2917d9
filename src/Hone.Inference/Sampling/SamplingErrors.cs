using Hone.Core;

namespace Hone.Inference.Sampling;

internal static class SamplingErrors
{
    public static HoneException Wrong(string option, double value, string expected) => new($"{option} is {value}; expected {expected}.");

    /// <summary>A share of probability.</summary>
    public static double Share(string option, double value, bool zero = true, bool one = true)
    {
        bool fits = (zero ? value >= 0 : value > 0) && (one ? value <= 1 : value < 1);
        return fits ? value : throw Wrong(option, value, $"a number from 0 to 1{(zero && one ? "" : ", " + (zero ? "below 1" : one ? "above 0" : "both excluded"))}");
    }

    public static int AtLeast(string option, int value, int min) => value >= min ? value : throw Wrong(option, value, $"{min} or more");
}
