using System.Security.Cryptography;
using System.Text;
using Hone.Core.Recipes;
using Hone.Models.Decoder;
using Hone.Tensors.Threads;

namespace Hone.Inference.Caches.Streaming;

/// <summary>
/// A stream in a folder, to be taken up again: spans in one append-only file for each layer, everything else in one file that is replaced
/// whole. What was appended after the last save is cut off when the stream is opened, so that a process may end at any moment.
/// </summary>
/// <param name="folder">Where; made if needed.</param>
/// <param name="options">Settings of the stream; its own folder does not count.</param>
/// <param name="model">The model.</param>
/// <param name="workers">Threads.</param>
public sealed class StreamArchive(string folder, LtriOptions options, LanguageModel model, WorkerPool workers)
{
    private const string Name = "stream.state";
    private const int ProbeNumbers = 64;
    private const double Tolerance = 1e-3;

    private static readonly byte[] Magic = "HONESTR1"u8.ToArray();

    private float[]? probe;

    private string StatePath => Path.Combine(folder, Name);

    /// <summary>The stream as it was saved last, or an empty one.</summary>
    /// <param name="tokensHash">Hash of the tokens read, as given to <see cref="Save"/>; empty for an empty stream.</param>
    /// <exception cref="HoneException">Another process has it, it is damaged, or it belongs to another model or to other settings.</exception>
    public PolicyKvCache Open(out byte[] tokensHash)
    {
        LtriFormat format = new(options with { Folder = folder }) { IsLasting = true };
        PolicyKvCache cache = new(new KvPlan(new KvOptions { Format = Using.Component<IKvFormat>("ltri", () => format) }, model, workers));
        try
        {
            tokensHash = Load(cache);
            return cache;
        }
        catch
        {
            cache.Dispose();
            throw;
        }
    }

    /// <summary>Saves the stream; a crash meanwhile leaves the one saved before.</summary>
    /// <param name="cache">From <see cref="Open"/>.</param>
    /// <param name="tokensHash">32 bytes that say which tokens were read.</param>
    public void Save(PolicyKvCache cache, ReadOnlySpan<byte> tokensHash)
    {
        StreamWriting state = new();
        state.Floats(probe ??= Probe());
        state.Int(cache.Length);
        foreach (ILayerStore store in cache.Stores) ((StreamingStore)store).Save(state);
        byte[] head = [.. Settings(), .. tokensHash];
        byte[] hash = Hash(head, state.Bytes);
        AtomicFile.Write(StatePath, file =>
        {
            file.Write(Magic);
            file.Write(hash);
            file.Write(head);
            file.Write(state.Bytes);
        });
    }

    private byte[] Load(PolicyKvCache cache)
    {
        foreach (string unfinished in Directory.GetFiles(folder, Name + ".*.tmp")) File.Delete(unfinished);
        if (!File.Exists(StatePath))
        {
            foreach (ILayerStore store in cache.Stores) ((StreamingStore)store).Empty();
            return [];
        }
        byte[] all = File.ReadAllBytes(StatePath);
        StreamReading state = new(all.Length < 104 ? [] : all[104..], StatePath);
        if (all.Length < 104 || !all.AsSpan(0, 8).SequenceEqual(Magic)) throw state.Damaged("its beginning is not that of one");
        if (!Hash(all.AsSpan(40, 64), all.AsSpan(104)).AsSpan().SequenceEqual(all.AsSpan(8, 32))) throw state.Damaged("its bytes are not those that were written");
        if (!Settings().AsSpan().SequenceEqual(all.AsSpan(40, 32))) throw new HoneException($"{folder}: the stream there was read with another window, spans or retrieval. Give the same settings, or another folder.");
        CheckModel(state);
        int length = state.Int(1);
        foreach (ILayerStore store in cache.Stores) ((StreamingStore)store).Load(state);
        if (!state.IsAtEnd) throw state.Damaged("something follows its end");
        cache.Resume(length);
        return all[72..104];
    }

    /// <summary>Numbers, not names, say whether it is the same model: adapters and precisions count.</summary>
    private void CheckModel(StreamReading state)
    {
        float[] saved = new float[ProbeNumbers], own = probe ??= Probe();
        state.Floats(saved);
        double most = own.Max(Math.Abs), off = own.Zip(saved, (a, b) => (double)Math.Abs(a - b)).Max();
        if (!(off <= Tolerance * most)) throw new HoneException($"{folder}: the stream there was read by another model, or in another precision. Give the same, or another folder.");
    }

    /// <summary>Some logits after a few fixed tokens.</summary>
    private float[] Probe()
    {
        using CachedSequence sequence = new(model, workers: workers);
        float[] logits = sequence.Feed([.. Enumerable.Range(0, 8).Select(i => i * 7 % model.Config.VocabularySize)]);
        return [.. Enumerable.Range(0, ProbeNumbers).Select(i => logits[(int)((long)i * logits.Length / ProbeNumbers)])];
    }

    private byte[] Settings() => SHA256.HashData(Encoding.UTF8.GetBytes($"{options with { Folder = "", Heads = [] }} {string.Join(',', options.Heads)}"));

    private static byte[] Hash(ReadOnlySpan<byte> head, ReadOnlySpan<byte> state)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(head);
        hash.AppendData(state);
        return hash.GetHashAndReset();
    }
}
