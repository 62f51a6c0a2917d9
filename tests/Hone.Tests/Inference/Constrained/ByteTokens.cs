using System.Text;
using Hone.Inference.Constrained;

namespace Hone.Tests.Inference.Constrained;

/// <summary>A vocabulary of the 256 bytes and an end token, 256: makes a grammar a recogniser of texts.</summary>
internal static class ByteTokens
{
    public const int End = 256;

    public static TokenVocabulary Vocabulary { get; } = new([.. Enumerable.Range(0, 256).Select(b => (byte[]?)[(byte)b]), null], [End]);

    /// <summary>Whether the grammar takes the whole text.</summary>
    public static bool Takes(Grammar grammar, string text)
    {
        GrammarState state = CompiledGrammar.Compile(grammar, Vocabulary).Start();
        return Encoding.UTF8.GetBytes(text).All(b => state.Accept(b)) && state.CanEnd;
    }

    /// <summary>A text drawn from the masks, at most so many bytes long; null when that was too few.</summary>
    public static string? Sample(CompiledGrammar grammar, RandomStream random, int maxBytes, Func<int, double>? weight = null)
    {
        GrammarState state = grammar.Start();
        ulong[] mask = new ulong[grammar.Vocabulary.MaskLength];
        List<byte> text = [];
        while (text.Count < maxBytes)
        {
            state.FillMask(mask);
            int[] allowed = [.. Enumerable.Range(0, 257).Where(t => (mask[t >> 6] >> t & 1) == 1)];
            Assert.NotEmpty(allowed);
            double[] weights = [.. allowed.Select(t => weight?.Invoke(t) ?? 1)];
            double point = random.NextDouble() * weights.Sum();
            int chosen = 0;
            while (chosen < allowed.Length - 1 && (point -= weights[chosen]) > 0) chosen++;
            Assert.True(state.Accept(allowed[chosen]));
            if (allowed[chosen] == End) return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. text]);
            text.Add((byte)allowed[chosen]);
        }
        return null;
    }
}
