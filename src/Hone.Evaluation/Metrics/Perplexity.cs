using System.Text;

namespace Hone.Evaluation.Metrics;

/// <summary>Perplexities of running text from summed log-likelihoods (natural log), comparable between tokenizers.</summary>
public static class Perplexity
{
    /// <summary>Words as lm-evaluation-harness counts them: pieces between runs of white space, empty ends included.</summary>
    public static int Words(string text)
    {
        int words = 1;
        bool inSpace = false;
        foreach (char c in text)
        {
            bool space = IsPythonSpace(c);
            if (space && !inSpace) words++;
            inSpace = space;
        }
        return words;
    }

    /// <summary>UTF-8 bytes.</summary>
    public static int Bytes(string text) => Encoding.UTF8.GetByteCount(text);

    /// <summary>exp(−log-likelihood / units): per word, byte or token.</summary>
    public static double Per(double logLikelihood, double units) => Math.Exp(-logLikelihood / units);

    /// <summary>−log-likelihood / (bytes · ln 2).</summary>
    public static double BitsPerByte(double logLikelihood, double bytes) => -logLikelihood / (bytes * Math.Log(2));

    /// <summary>White space as Python's str.split and \s see it.</summary>
    internal static bool IsPythonSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';
}
