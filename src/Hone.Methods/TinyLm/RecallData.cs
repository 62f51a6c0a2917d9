using Hone.Core;
using Hone.Models.Tokenizers;
using Hone.Training.Batching;

namespace Hone.Methods.TinyLm;

/// <summary>
/// What the recall model learns from: documents full of facts and questions, made as they are needed, short ones first. Example n is a
/// function of (seed, n).
/// </summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="options">Lengths and weights.</param>
/// <param name="examples">Examples of the whole run, which set the pace of the curriculum.</param>
/// <param name="seed">Seed of the stream.</param>
public sealed class RecallData(Tokenizer tokenizer, RecallOptions options, long examples, long seed) : IExampleSource
{
    private readonly RecallDocuments documents = new(tokenizer);

    /// <inheritdoc/>
    public long? Count => null;

    /// <inheritdoc/>
    public TrainingExample Get(long index)
    {
        int length = options.LengthAt((double)index / examples);
        RandomStream random = new RandomStream(seed, "recall-data").Derive(index);
        List<TrainingSequence> sequences = [];
        for (int used = 0; sequences.Count == 0 || used + length <= options.ExampleTokens; used += length)
        {
            RecallDocument document = documents.Next(random.Derive(sequences.Count), length, unseenKeys: false);
            sequences.Add(new(document.Ids, [.. document.IsAnswer.Select(a => a ? 1f : (float)options.TextWeight)]));
        }
        return new(sequences);
    }
}
