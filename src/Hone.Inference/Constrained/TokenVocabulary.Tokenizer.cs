using Hone.Models.Tokenizers;

namespace Hone.Inference.Constrained;

public sealed partial class TokenVocabulary
{
    /// <summary>The vocabulary of a tokenizer: special tokens are never text, whatever they spell.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="size">Rows of the model's output, which may be more than the tokenizer has ids.</param>
    /// <param name="endIds">Ids that end a sequence; null takes the tokenizer's own.</param>
    /// <param name="spelled">Special tokens that are text all the same.</param>
    public static TokenVocabulary Of(Tokenizer tokenizer, int size, IReadOnlyCollection<int>? endIds = null, IReadOnlyCollection<int>? spelled = null)
    {
        HashSet<int> added = [.. tokenizer.AddedTokens.Where(t => t.Special && spelled?.Contains(t.Id) != true).Select(t => t.Id)];
        byte[]?[] tokens = new byte[]?[size];
        for (int id = 0; id < Math.Min(size, tokenizer.VocabularySize); id++)
            if (!added.Contains(id)) tokens[id] = tokenizer.BytesOf(id).ToArray();
        return new TokenVocabulary(tokens, endIds ?? (tokenizer.EosId is { } end ? [end] : []));
    }
}
