using System.Text.Json;
using System.Text.Json.Serialization;
using Hone.Core;

namespace Hone.Training.Batching;

/// <summary>Training examples on disk, every number exact.</summary>
public static class ExampleFile
{
    private static readonly JsonSerializerOptions Options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Writes the examples, whole or not at all.</summary>
    public static void Write(string path, IReadOnlyList<TrainingExample> examples) =>
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, examples.Select(Stored.Of), Options));

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="HoneException">Missing or not such a file.</exception>
    public static List<TrainingExample> Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            List<Stored> stored = JsonSerializer.Deserialize<List<Stored>>(stream, Options) ?? throw new JsonException("nothing in it");
            return [.. stored.Select(s => s.ToExample())];
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            throw new HoneException($"{path}: the examples of a checkpoint cannot be read ({error.Message}). Delete the newest checkpoint to continue from the one before.", error);
        }
    }

    private sealed record Sequence(int[] Ids, float[] Weights, float[]? Reference, Dictionary<string, float[]>? TokenColumns);

    private sealed record Stored(Sequence[] Sequences, Dictionary<string, double>? Columns, Dictionary<string, double>? Logged)
    {
        public static Stored Of(TrainingExample e) => new(
            [.. e.Sequences.Select(s => new Sequence(s.Ids, s.Weights, s.Reference, s.TokenColumns is null ? null : new(s.TokenColumns)))],
            e.Columns is null ? null : new(e.Columns), e.Logged is null ? null : new(e.Logged));

        public TrainingExample ToExample() => new(
            [.. Sequences.Select(s => new TrainingSequence(s.Ids, s.Weights) { Reference = s.Reference, TokenColumns = s.TokenColumns })], Columns)
        { Logged = Logged };
    }
}
