using Hone.Core;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.TinyLm;
using Hone.Training.Batching;

namespace Hone.Methods.LongContext;

/// <summary>Running text as sequences of equal length, for calibration, perplexity and continued training.</summary>
public static class TokenSequences
{
    /// <summary>Name that stands for generated documents of facts and questions instead of a file.</summary>
    public const string Recall = "recall";

    /// <summary>Sequences of exactly <paramref name="length"/> tokens.</summary>
    /// <param name="model">Whose tokens.</param>
    /// <param name="data"><see cref="Recall"/>, a .txt file, or a table with a column <c>text</c>.</param>
    /// <param name="length">Tokens of each.</param>
    /// <param name="count">Most of them.</param>
    /// <param name="random">Draws generated documents.</param>
    /// <exception cref="HoneException">A file that cannot be read, or less text than one sequence.</exception>
    public static List<int[]> Read(TextModel model, string data, int length, int count, RandomStream random)
    {
        if (data == Recall)
        {
            RecallDocuments documents = new(model.Tokenizer);
            return [.. Enumerable.Range(0, count).Select(i => documents.Next(random.Derive(i), length, unseenKeys: true).Ids)];
        }
        List<int[]> sequences = [];
        List<int> rest = [];
        foreach (string text in Texts(data))
        {
            rest.AddRange(model.Text.Text(text));
            int start = 0;
            for (; rest.Count - start >= length && sequences.Count < count; start += length) sequences.Add([.. rest.Skip(start).Take(length)]);
            rest.RemoveRange(0, start);
            if (sequences.Count == count) break;
        }
        return sequences.Count > 0 ? sequences : throw new HoneException($"{data}: {rest.Count} tokens of text are less than one sequence of {length}. Give more text or a shorter length.");
    }

    /// <summary>The sequences as training examples, every token a target.</summary>
    public static IExampleSource ForTraining(IEnumerable<int[]> sequences, RandomStream shuffle) =>
        new ShuffledSource([.. sequences.Select(ids => new TrainingExample(TrainingSequence.Whole(ids)))], shuffle);

    private static IEnumerable<string> Texts(string data) => data.EndsWith(".txt", StringComparison.OrdinalIgnoreCase)
        ? [ReadText(data)] : Dataset.Load(data).Rows.Select(row => row.Text("text"));

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new HoneException($"{path}: cannot be read: {error.Message}", error);
        }
    }
}
