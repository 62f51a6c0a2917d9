using Hone.Core;
using Hone.Methods.Supervised;
using Hone.Models.Text;
using Hone.Training.Batching;

namespace Hone.Methods.Tasks;

/// <summary>Rows of any kind as training examples of one model.</summary>
/// <param name="text">The model's tokens.</param>
/// <param name="format">Length, masks, packing.</param>
public sealed class RowExamples(ModelText text, SftFormat format)
{
    private readonly SftTokenizer tokenizer = new(text, format);

    /// <summary>Examples left out because cutting left no target.</summary>
    public int WithoutTarget { get; private set; }

    /// <summary>Rows that were cut.</summary>
    public int Cut { get; private set; }

    /// <summary>Examples of all rows that keep at least one target, in order.</summary>
    /// <exception cref="HoneException">A row cannot be rendered by the model's template; names the line.</exception>
    public List<TrainingExample> All(IEnumerable<Row> rows)
    {
        LearntTokens[] tokens = [.. rows.Select(Tokenize)];
        if (format.MaxLength > 0 && format.Packing is Packing.None or Packing.Bfd) Cut = tokens.Count(t => t.Ids.Length > format.MaxLength);
        List<TrainingExample> examples = [];
        foreach (IReadOnlyList<LearntTokens> sequences in SftPacking.Arrange(tokens, format))
        {
            TrainingExample example = new([.. sequences.Select(s => s.ToSequence())]);
            if (example.Sequences.Any(s => s.Targets > 0)) examples.Add(example);
            else WithoutTarget++;
        }
        return examples;
    }

    private LearntTokens Tokenize(Row row)
    {
        try
        {
            return tokenizer.Tokenize(row);
        }
        catch (HoneException error)
        {
            throw row.Placed(error);
        }
    }
}
