using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Batching;

namespace Hone.Training.Objectives.Preference;

/// <summary>
/// Log-probabilities under the reference policy, computed once for a data set and kept on disk under the hash of the model's weights, so
/// that neither another epoch nor another run repeats the passes.
/// </summary>
public static class ReferenceLogProbs
{
    /// <summary>The examples with <see cref="TrainingSequence.Reference"/> filled.</summary>
    /// <param name="reference">The reference policy.</param>
    /// <param name="examples">Examples.</param>
    /// <param name="cacheFolder">Where results are kept; empty for nowhere.</param>
    /// <param name="microTokens">Tokens per forward pass at most.</param>
    /// <param name="workers">Threads.</param>
    /// <param name="reporter">Hears of progress.</param>
    /// <param name="temperature">Divides the logits; other than 1 only without a cache.</param>
    public static List<TrainingExample> AddTo(
        LanguageModel reference, IReadOnlyList<TrainingExample> examples, string cacheFolder, int microTokens, WorkerPool? workers, IReporter reporter,
        double temperature = 1)
    {
        if (temperature != 1 && cacheFolder.Length > 0) throw new ArgumentException("only log-probabilities at temperature 1 are kept");
        string path = cacheFolder.Length == 0 ? "" : Path.Combine(cacheFolder, HashOf(reference)[..16], HashOf(examples)[..16] + ".safetensors");
        float[]? values = path.Length > 0 && File.Exists(path) ? Read(path, examples.Sum(e => e.Tokens)) : null;
        if (values is null)
        {
            values = Compute(reference, examples, microTokens, workers, reporter, temperature);
            if (path.Length > 0)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                SafetensorsWriter.Save(path, [WeightSource.FromFloats("logprobs", WeightType.F32, [values.Length], values)]);
            }
        }
        else reporter.Line($"reference log-probabilities: {path}");
        return Spread(examples, values);
    }

    /// <summary>SHA-256 of a model's weights and their names, lower-case hexadecimal.</summary>
    public static string HashOf(LanguageModel model)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Parameter parameter in model.Parameters)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(parameter.Name));
            hash.AppendData(MemoryMarshal.AsBytes(parameter.Value.Data));
        }
        foreach (LinearLayer layer in model.LinearLayers.Append(model.Head))
            if (layer.Quantized is { } matrix) Append(hash, layer.Name, matrix);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static unsafe void Append(IncrementalHash hash, string name, QuantizedMatrix matrix)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(name));
        float[] row = new float[matrix.Width];
        fixed (float* target = row)
            for (int i = 0; i < matrix.Outputs; i++)
            {
                matrix.DequantizeRow(i, target);
                hash.AppendData(MemoryMarshal.AsBytes<float>(row));
            }
    }

    private static string HashOf(IReadOnlyList<TrainingExample> examples)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TrainingSequence sequence in examples.SelectMany(e => e.Sequences))
        {
            hash.AppendData(BitConverter.GetBytes(sequence.Ids.Length));
            hash.AppendData(MemoryMarshal.AsBytes<int>(sequence.Ids));
            hash.AppendData(MemoryMarshal.AsBytes<float>(sequence.Weights));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Null for a file that is damaged or of another size: it is computed and written again.</summary>
    private static float[]? Read(string path, int count)
    {
        try
        {
            using SafetensorsFile file = new(path);
            if (!file.Entries.TryGetValue("logprobs", out WeightEntry? entry) || entry.Count != count) return null;
            float[] values = new float[count];
            file.ReadRows("logprobs", 0, 1, values);
            return values;
        }
        catch (HoneException)
        {
            return null;
        }
    }

    private static float[] Compute(LanguageModel model, IReadOnlyList<TrainingExample> examples, int microTokens, WorkerPool? workers, IReporter reporter, double temperature)
    {
        float[] values = new float[examples.Sum(e => e.Tokens)];
        workers ??= WorkerPool.Shared;
        Tape[] tapes = [.. Enumerable.Range(0, workers.Threads).Select(_ => new Tape(workers, recording: false))];
        using IProgressTask progress = reporter.Start("reference log-probabilities", examples.Count, "rows");
        int at = 0;
        foreach (TrainingBatch window in TrainingBatch.Split(examples, microTokens))
        {
            List<TrainingBatch> pieces = model.IsConcurrent ? LaneBackpropagation.Pieces([window], workers.Threads) : [];
            if (pieces.Count < workers.Threads) pieces = [window];
            PassJob job = new(model, tapes, pieces, values.AsMemory(at, window.Tokens.Length), temperature);
            if (pieces.Count == 1) job.Run(0, 0, 1);
            else workers.For(pieces.Count, 1, ref job);
            at += window.Tokens.Length;
            progress.Advance(window.Examples.Count);
        }
        foreach (Tape tape in tapes)
        {
            tape.Dispose();
            tape.Memory.Dispose();
        }
        return values;
    }

    private readonly struct PassJob(LanguageModel model, Tape[] tapes, List<TrainingBatch> pieces, Memory<float> values, double temperature) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            int at = pieces.Take(start).Sum(piece => piece.Tokens.Length);
            for (int i = start; i < end; i++)
            {
                Tape tape = tapes[worker];
                tape.Reset();
                (Tensor logProbs, _) = PolicyHead.LogProbs(model, tape, model.Hidden(tape, pieces[i]), pieces[i].Targets, temperature);
                // A position's number belongs to the token behind it.
                logProbs.Data[..^1].CopyTo(values.Span[(at + 1)..]);
                at += pieces[i].Tokens.Length;
            }
        }
    }

    private static List<TrainingExample> Spread(IReadOnlyList<TrainingExample> examples, float[] values)
    {
        int at = 0;
        List<TrainingExample> result = new(examples.Count);
        foreach (TrainingExample example in examples)
        {
            List<TrainingSequence> sequences = new(example.Sequences.Count);
            foreach (TrainingSequence sequence in example.Sequences)
            {
                sequences.Add(sequence with { Reference = values[at..(at + sequence.Ids.Length)] });
                at += sequence.Ids.Length;
            }
            result.Add(example with { Sequences = sequences });
        }
        return result;
    }
}
