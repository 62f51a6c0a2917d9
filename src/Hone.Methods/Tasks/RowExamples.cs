using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Models.Templates;
using Hone.Models.Text;
using Hone.Training.Batching;

namespace Hone.Methods.Tasks;

/// <summary>Rows of any kind as training examples of one model.</summary>
/// <param name="text">The model's tokens.</param>
/// <param name="maxTokens">Longest sequence; longer ones are cut at the end, 0 for no limit.</param>
public sealed class RowExamples(ModelText text, int maxTokens)
{
    /// <summary>Rows left out because cutting left no target.</summary>
    public int WithoutTarget { get; private set; }

    /// <summary>Rows that were cut.</summary>
    public int Cut { get; private set; }

    /// <summary>Examples of all rows that keep at least one target, in order.</summary>
    /// <exception cref="HoneException">A row cannot be rendered by the model's template; names the line.</exception>
    public List<TrainingExample> All(IEnumerable<Row> rows)
    {
        List<TrainingExample> examples = [];
        foreach (Row row in rows)
        {
            TrainingSequence sequence = Shorten(Sequence(row));
            if (sequence.Targets > 0) examples.Add(new(sequence));
            else WithoutTarget++;
        }
        return examples;
    }

    /// <summary>One row, uncut: the completion is learnt, or the assistant's turns, or all of a plain text.</summary>
    public TrainingSequence Sequence(Row row)
    {
        try
        {
            switch (RowKinds.Require(row))
            {
                case RowKind.Text:
                    return TrainingSequence.Whole(text.Text(row.Text("text")));
                case RowKind.PromptCompletion:
                    return Of(text.PromptAndCompletion(row.Text("prompt"), row.Text("completion")));
                case RowKind.Messages:
                    MaskedTokens masked = text.Messages(new Conversation((JsonArray)row.Fields["messages"]!) { Tools = row.Fields["tools"] as JsonArray });
                    float[] weights = [.. masked.LossMask.Select((learnt, i) => learnt && i > 0 ? 1f : 0f)];
                    return new(masked.Ids, weights);
                default:
                    return Of(text.QuestionAndAnswer(row.Text("question"), TaskRows.Completion(row)));
            }
        }
        catch (HoneException error) when (row.Line > 0 && !error.Message.StartsWith(row.Source, StringComparison.Ordinal))
        {
            throw row.Error(error.Message);
        }
    }

    private TrainingSequence Shorten(TrainingSequence sequence)
    {
        if (maxTokens <= 0 || sequence.Ids.Length <= maxTokens) return sequence;
        Cut++;
        return new(sequence.Ids[..maxTokens], sequence.Weights[..maxTokens]);
    }

    private static TrainingSequence Of(TokenizedCompletion tokens) => TrainingSequence.FromPrompt(tokens.Ids, tokens.PromptTokens);
}
