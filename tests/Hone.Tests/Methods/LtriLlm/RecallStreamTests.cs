using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Caches.Streaming;
using Hone.Methods.LtriLlm;

namespace Hone.Tests.Methods.LtriLlm;

/// <summary>Streams longer than the window under a model that really looks things up.</summary>
public sealed class RecallStreamTests
{
    private static readonly Lazy<TextModel> Recall = new(() => TextModel.Open(Path.Combine(SharedData.RepositoryRoot, "models", "seed-recall")));

    [Fact]
    public void What_left_the_window_is_brought_back_and_a_sliding_window_forgets_it()
    {
        FactStream stream = FactStream.Make(Recall.Value, 2048, 8, new RandomStream(3, "stream"));
        LtriOptions options = new() { Window = 128, Sinks = 4, Retrieve = 128, Queries = 1, MaxSpan = 16, Theta = 0.03, MinVectors = 4, MaxVectors = 12 };
        RunContext run = new("", 1, null, TestContext.Current.CancellationToken);
        StreamArm brought = stream.Ask(Recall.Value, options, [1], run), forgotten = stream.Ask(Recall.Value, options with { Spans = SpanKind.None, Retrieve = 0 }, [1], run);
        Assert.True(brought.Right.Average() >= 0.6, $"{brought.Right.Average()}");
        Assert.Equal(0, forgotten.Right.Sum());
        Assert.True(brought.Recall.Average() >= 0.6, $"{brought.Recall.Average()}");
        Assert.Equal(0, forgotten.Recall.Sum());
        Assert.InRange(brought.Attended, 1, 4 + 128 + 128 + 2 * 16 + 8);
    }

    [Fact]
    public void Heads_that_copy_are_found()
    {
        IReadOnlyList<LongContextSample> needles = LongContextTasks.Named("niah_single_2").Take(
            new() { Length = 192, Wording = TaskWording.Compact, CountTokens = text => Recall.Value.Tokenizer.Encode(text).Length }, 1, 3);
        IReadOnlyList<HeadScore> heads = RetrievalHeads.Detect(Recall.Value, needles, new RunContext("", 1, null, TestContext.Current.CancellationToken));
        Assert.Equal(16, heads.Count);
        Assert.True(heads[0].Score >= 0.5, $"{heads[0]} {heads[0].Score}");
        Assert.True(heads[^1].Score < 0.2);
        _ = new LtriOptions { Heads = [heads[0].ToString()] };
    }
}
