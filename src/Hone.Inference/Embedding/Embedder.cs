using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Encoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors;
using Hone.Tensors.Memory;
using Hone.Tensors.Threads;

namespace Hone.Inference.Embedding;

/// <summary>Turns texts into vectors, as the model's own files say. Not thread-safe: one call at a time.</summary>
#pragma warning disable CA1001 // the pool's buffers have finalisers: nothing has to be disposed
public sealed class Embedder
#pragma warning restore CA1001
{
    /// <summary>Tokens per pass of one thread: enough to keep the matrices busy, few enough for the activations to stay in the cache.</summary>
    private const int TokensPerPass = 640;

    /// <summary>With fewer tokens for each thread, threads share every product instead.</summary>
    private const int LeastTokens = 128;

    private readonly Func<Tape, int[][], Tensor> hidden;
    private readonly Tokenizer? tokenizer;
    private readonly WorkerPool workers;
    private readonly BufferPool[] memories; // one for each thread, kept: asking the system for pages again took longer than a sentence
    private readonly int maxTokens, positions, vocabulary;

    private Embedder(Func<Tape, int[][], Tensor> hidden, int size, int positions, int vocabulary, Tokenizer? tokenizer, EmbeddingSettings settings, WorkerPool? workers)
    {
        (this.hidden, Size, this.tokenizer, Settings, this.workers) = (hidden, size, tokenizer, settings, workers ?? WorkerPool.Shared);
        memories = [.. Enumerable.Range(0, this.workers.Threads).Select(_ => new BufferPool())];
        (this.positions, this.vocabulary) = (positions, vocabulary);
        maxTokens = Math.Min(positions, settings.MaxTokens ?? Math.Min(positions, tokenizer?.Names.ModelMaxLength ?? positions));
    }

    /// <summary>Length of the vectors.</summary>
    public int Size { get; }

    public EmbeddingSettings Settings { get; }

    /// <summary>Loads a model folder: a BERT encoder, or a decoder whose hidden states are pooled.</summary>
    /// <param name="folder">Hugging Face folder, with or without the files of sentence-transformers.</param>
    /// <param name="settings">Overrides what the files say.</param>
    /// <param name="workers">Threads; null for all processors.</param>
    /// <param name="options">Number formats; null for fp32. Vectors with matrices of 8 bits have a cosine above 0.999 with those of fp32.</param>
    /// <exception cref="HoneException">Nothing there, an unknown architecture, damaged files.</exception>
    public static Embedder Load(string folder, EmbeddingSettings? settings = null, WorkerPool? workers = null, LoadOptions? options = null)
    {
        folder = ModelFiles.Locate(folder);
        if (!EncoderLoader.IsEncoder(folder)) return Of(ModelLoader.Load(folder, options), settings ?? SettingsOf(folder), workers);
        EncoderModel encoder = EncoderLoader.Load(folder, options);
        return new((tape, ids) => encoder.Hidden(tape, new EncoderBatch(ids)), encoder.Config.HiddenSize, encoder.Config.MaxPositions, encoder.Config.VocabularySize, Tokenizer.TryLoad(folder), settings ?? SettingsOf(folder), workers);
    }

    /// <summary>Pools the hidden states of a decoder.</summary>
    public static Embedder Of(LoadedModel loaded, EmbeddingSettings settings, WorkerPool? workers = null) => new(
        (tape, ids) => loaded.Model.Hidden(tape, TokenBatch.Of(ids)), loaded.Model.Config.HiddenSize, loaded.Model.Config.MaxPositions, loaded.Model.Config.VocabularySize, loaded.Tokenizer, settings, workers);

    /// <summary>One vector per text.</summary>
    /// <exception cref="HoneException">The model has no tokenizer.</exception>
    public IReadOnlyList<float[]> Embed(IReadOnlyList<string> texts) => EmbedIds([.. texts.Select(Tokenize)]);

    /// <summary>The ids of a text, special tokens included, cut to the model's length.</summary>
    /// <exception cref="HoneException">The model has no tokenizer.</exception>
    public int[] Tokenize(string text)
    {
        if (tokenizer is null) throw new HoneException("no tokenizer was found with the model. Add its tokenizer.json, or give token ids.");
        EncodeOptions options = new() { Truncation = new Truncation(maxTokens) };
        return [.. tokenizer.EncodeDetailed(Settings.LowerCase ? text.ToLowerInvariant() : text, null, options).Ids];
    }

    /// <summary>Refuses what <see cref="EmbedIds"/> cannot embed.</summary>
    /// <exception cref="HoneException">No tokens, or a token outside the vocabulary, or more tokens than the model has positions.</exception>
    public void Check(IReadOnlyList<int> ids)
    {
        if (ids.Count == 0) throw new HoneException("a text has no tokens, so it has no vector.");
        if (ids.Count > positions) throw new HoneException($"{ids.Count} tokens, but the model has {positions} positions. Shorten the text.");
        foreach (int id in ids)
            if ((uint)id >= (uint)vocabulary) throw new HoneException($"token id {id} is outside the model's vocabulary of {vocabulary}. Is this the tokenizer of this model?");
    }

    /// <summary>One vector per text given as ids.</summary>
    /// <returns>Per text [<see cref="Size"/>].</returns>
    /// <exception cref="HoneException">An empty text, or one longer than the model reaches.</exception>
    public IReadOnlyList<float[]> EmbedIds(IReadOnlyList<int[]> sequences)
    {
        if (sequences.Any(s => s.Length == 0)) throw new HoneException("a text has no tokens, so it has no vector.");
        float[][] vectors = new float[sequences.Count][];
        List<int[]> passes = Passes(sequences);
        if (passes.Count == 1)
        {
            Run(0, sequences, passes[0], vectors);
            return vectors;
        }
        int next = 0;
        unsafe
        {
            PassJob job = new(this, sequences, passes, vectors, &next);
            workers.For(workers.Threads, 1, ref job);
        }
        return vectors;
    }

    /// <summary>Places of texts that go through the model together: one pass for few tokens, whose products all threads then share, or some for each thread.</summary>
    private List<int[]> Passes(IReadOnlyList<int[]> sequences)
    {
        // Texts of like length together: a pass takes as long as its longest text needs in attention.
        int[] order = [.. Enumerable.Range(0, sequences.Count).OrderByDescending(i => sequences[i].Length)];
        int all = sequences.Sum(s => s.Length), threads = workers.Threads;
        if (all < LeastTokens * threads) return [order];
        int each = (all + TokensPerPass * threads - 1) / (TokensPerPass * threads), limit = (all + each * threads - 1) / (each * threads);
        List<int[]> passes = [];
        List<int> open = [];
        int tokens = 0;
        foreach (int place in order)
        {
            if (open.Count > 0 && 2 * tokens + sequences[place].Length > 2 * limit)
            {
                passes.Add([.. open]);
                (open, tokens) = ([], 0);
            }
            open.Add(place);
            tokens += sequences[place].Length;
        }
        if (open.Count > 0) passes.Add([.. open]);
        return passes;
    }

    private readonly unsafe struct PassJob(Embedder owner, IReadOnlyList<int[]> sequences, List<int[]> passes, float[][] vectors, int* next) : IRangeJob
    {
        // Whoever is free takes the next pass: a vector is the same whoever makes it.
        public void Run(int worker, int start, int end)
        {
            for (int i = Interlocked.Increment(ref *next) - 1; i < passes.Count; i = Interlocked.Increment(ref *next) - 1)
                owner.Run(worker, sequences, passes[i], vectors);
        }
    }

    private void Run(int worker, IReadOnlyList<int[]> sequences, int[] places, float[][] vectors)
    {
        int[][] batch = [.. places.Select(place => sequences[place])];
        using Tape tape = new(workers, memories[worker], recording: false);
        ReadOnlySpan<float> states = hidden(tape, batch).Data;
        for (int i = 0, start = 0; i < places.Length; start += batch[i++].Length * Size)
            vectors[places[i]] = VectorPooling.Pool(states.Slice(start, batch[i].Length * Size), Size, Settings);
    }

    private static EmbeddingSettings SettingsOf(string path) => EmbeddingSettings.Read(Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!);
}
