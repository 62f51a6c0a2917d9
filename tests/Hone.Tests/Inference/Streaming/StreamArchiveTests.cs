using Hone.Core;
using Hone.Inference.Caches;
using Hone.Inference.Caches.Streaming;
using Hone.Models.Decoder;
using Hone.Tensors.Threads;
using static Hone.Tests.Inference.TinyModels;

namespace Hone.Tests.Inference.Streaming;

/// <summary>A stream that is taken up again goes on bit for bit; a folder of something else is refused.</summary>
public sealed class StreamArchiveTests : IDisposable
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 160).Select(i => (i * 37 + i * i * 11 + 5) % TinyModels.Vocabulary)];
    private static readonly byte[] Hash = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly LtriOptions Options = new() { Window = 16, Sinks = 2, MaxSpan = 8, Retrieve = 24, Theta = 0.05, Queries = 4 };

    private readonly LanguageModel model = TinyModels.Llama();
    private readonly string folder = Directory.CreateTempSubdirectory("hone-stream").FullName;

    private string State => Path.Combine(folder, "stream.state");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(SpanKind.Triangles, "")]
    [InlineData(SpanKind.Triangles, "1.2")]
    [InlineData(SpanKind.Blocks, "")]
    [InlineData(SpanKind.Random, "")]
    [InlineData(SpanKind.None, "")]
    public void A_stream_goes_on_as_if_it_had_not_been_interrupted(SpanKind kind, string heads)
    {
        LtriOptions options = Options with { Spans = kind, Retrieve = kind == SpanKind.None ? 0 : 24, Heads = heads.Length == 0 ? [] : [heads] };
        string other = Path.Combine(folder, "whole");
        float[] expected;
        using (PolicyKvCache whole = Archive(options, other).Open(out _))
        {
            Read(whole, 0, 160);
            expected = Step(model, whole, [7, 8, 9]);
        }
        using (PolicyKvCache first = Archive(options, folder).Open(out byte[] none))
        {
            Assert.Empty(none);
            Read(first, 0, 100);
            Archive(options, folder).Save(first, Hash);
            Read(first, 100, 140); // as a process does that ends before it saves again
        }
        using PolicyKvCache second = Archive(options, folder).Open(out byte[] hash);
        Assert.Equal((100, 100), (second.Length, second.NextPosition));
        Assert.Equal(Hash, hash);
        Read(second, 100, 160);
        Assert.Equal(expected, Step(model, second, [7, 8, 9]));
    }

    [Fact]
    public void An_unsaved_stream_begins_anew_and_two_cannot_have_it()
    {
        using (PolicyKvCache lost = Archive(Options, folder).Open(out _)) Read(lost, 0, 120);
        File.WriteAllText(State + ".1.tmp", "half of a state");
        using PolicyKvCache again = Archive(Options, folder).Open(out _);
        Assert.Equal(0, again.Length);
        Assert.All(again.Stores, store => Assert.Equal(0, ((StreamingStore)store).DiskBytes));
        Assert.Empty(Directory.GetFiles(folder, "*.tmp"));
        Assert.Throws<HoneException>(() => Archive(Options, folder).Open(out _));
    }

    [Fact]
    public void Another_model_other_settings_and_damage_are_refused()
    {
        using (PolicyKvCache cache = Archive(Options, folder).Open(out _))
        {
            Read(cache, 0, 120);
            Archive(Options, folder).Save(cache, Hash);
        }
        Assert.Contains("another model", Refusal(Options, TinyModels.Llama(seed: 2)));
        Assert.Contains("another window", Refusal(Options with { Window = 17 }, model));
        byte[] state = File.ReadAllBytes(State);
        RandomStream random = new(3, "damage");
        for (int i = 0; i < 60; i++)
        {
            byte[] damaged = i < 20 ? state[..random.Next(state.Length)] : [.. state];
            if (i >= 20) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(State, damaged);
            Refusal(Options, model);
        }
        File.WriteAllBytes(State, state);
        using (FileStream spans = new(Path.Combine(folder, "layer-001.spans"), FileMode.Open)) spans.SetLength(40);
        Assert.Contains("layer-001.spans", Refusal(Options, model));
    }

    private string Refusal(LtriOptions options, LanguageModel reader) =>
        Assert.Throws<HoneException>(() => new StreamArchive(folder, options, reader, WorkerPool.Shared).Open(out _)).Message;

    private StreamArchive Archive(LtriOptions options, string where) => new(where, options, model, WorkerPool.Shared);

    private void Read(PolicyKvCache cache, int from, int to)
    {
        for (; from < to; from += 20) Step(model, cache, Tokens[from..(from + 20)]);
    }
}
