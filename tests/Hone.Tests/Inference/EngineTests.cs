using Hone.Core;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Tensors;

namespace Hone.Tests.Inference;

public sealed class EngineTests
{
    private static readonly LanguageModel Model = TinyModels.Llama();

    /// <summary>Alone, in a crowd, in any order, with any batch width and piece size: the same tokens.</summary>
    [Fact]
    public void A_request_does_not_depend_on_what_runs_beside_it()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 7).Select(i => new GenerationRequest
        {
            Prompt = [.. Enumerable.Range(0, 3 + 5 * i).Select(t => (7 * i + 3 * t) % TinyModels.Vocabulary)],
            Samples = 1 + i % 3,
            Seed = 100 + i,
            MaxTokens = 10 + 4 * i,
            LogProbs = true,
        })];
        IReadOnlyList<GenerationResult> together = new Engine(Model).Generate(requests);
        Assert.Equal(requests.Sum(r => r.Samples), together.Count);
        foreach (EngineOptions options in new EngineOptions[] { new() { MaxSequences = 2, PrefillTokens = 4 }, new() { MaxSequences = 5, PrefillTokens = 1000 } })
        {
            IReadOnlyList<GenerationResult> other = new Engine(Model, options: options).Generate([.. requests.Reverse()]);
            foreach (GenerationResult result in together)
            {
                GenerationResult twin = other.Single(r => r.Request == 6 - result.Request && r.Sample == result.Sample);
                Assert.Equal(result.Ids, twin.Ids);
                Assert.Equal(result.Finish, twin.Finish);
                for (int i = 0; i < result.Ids.Length; i++) Assert.Equal(result.LogProbs![i], twin.LogProbs![i], 1e-4);
            }
        }
        for (int i = 0; i < requests.Length; i++)
            Assert.Equal(together.Where(r => r.Request == i).Select(r => r.Ids), new Engine(Model).Generate(requests[i]).Select(r => r.Ids));
    }

    [Fact]
    public void Samples_of_a_prompt_differ_and_the_seed_repeats_them()
    {
        GenerationRequest request = new() { Prompt = [1, 5, 9], Samples = 8, MaxTokens = 12, Seed = 3, StopIds = [] };
        string[] first = [.. new Engine(Model).Generate(request).Select(r => string.Join(' ', r.Ids))];
        Assert.Equal(8, first.Distinct().Count());
        Assert.Equal(first, new Engine(Model).Generate(request).Select(r => string.Join(' ', r.Ids)));
        Assert.NotEqual(first, new Engine(Model).Generate(request with { Seed = 4 }).Select(r => string.Join(' ', r.Ids)));
        Assert.Equal(first[..3], new Engine(Model).Generate(request with { Samples = 3 }).Select(r => string.Join(' ', r.Ids)));
    }

    /// <summary>The prompt of eight samples is gone through once: counted in tokens the model sees.</summary>
    [Fact]
    public void The_prompt_is_computed_once_for_all_samples()
    {
        LanguageModel model = TinyModels.Llama();
        CountingBlock counter = new(model.Blocks[0]);
        model.Blocks[0] = counter;
        new Engine(model).Generate(new GenerationRequest { Prompt = [.. Enumerable.Range(0, 50)], Samples = 8, MaxTokens = 5, StopIds = [] });
        Assert.Equal(50 + 8 * 4, counter.Tokens); // the last token of each sample is never fed back
    }

    /// <summary>Twenty prompts that begin alike: the beginning is computed once, and the results are those of each alone.</summary>
    [Fact]
    public void Prompts_that_begin_alike_share_the_work_on_their_beginning()
    {
        LanguageModel model = TinyModels.Llama();
        CountingBlock counter = new(model.Blocks[0]);
        model.Blocks[0] = counter;
        int[] beginning = [.. Enumerable.Range(0, 100).Select(i => i * 7 % TinyModels.Vocabulary)];
        GenerationRequest[] requests = [.. Enumerable.Range(0, 20).Select(i => new GenerationRequest
        {
            Prompt = [.. beginning, .. Enumerable.Range(0, 1 + i % 5).Select(t => (i + 3 * t) % TinyModels.Vocabulary)], MaxTokens = 8, Seed = i, StopIds = [],
        })];
        IReadOnlyList<GenerationResult> together = new Engine(model).Generate(requests);
        int computed = counter.Tokens - 20 * 7, distinct = 100 + requests.Sum(r => r.Prompt.Count - 100);
        Assert.True(computed <= distinct + 20, $"{computed} prompt tokens computed, {distinct} distinct");
        for (int i = 0; i < requests.Length; i++) Assert.Equal(new Engine(Model).Generate(requests[i])[0].Ids, together[i].Ids);
    }

    [Fact]
    public void Log_probabilities_are_the_models_own()
    {
        GenerationResult result = new Engine(Model).Generate(new GenerationRequest
        {
            Prompt = [4, 8, 15],
            MaxTokens = 9,
            LogProbs = true,
            StopIds = [],
            Sampling = new SamplingOptions { Temperature = 0.7, TopK = 5 },
        })[0];
        int[] all = [4, 8, 15, .. result.Ids];
        float[] expected = new Scorer(Model).LogProbs([all])[0];
        for (int i = 0; i < result.Ids.Length; i++) Assert.Equal(expected[3 + i], result.LogProbs![i], 1e-4);
    }

    [Fact]
    public void Streaming_gives_the_same_tokens()
    {
        GenerationRequest request = new() { Prompt = [1, 2, 3], Samples = 2, MaxTokens = 15, Seed = 9 };
        IReadOnlyList<GenerationResult> whole = new Engine(Model).Generate(request);
        TokenEvent[] events = [.. new Engine(Model).Stream(request)];
        foreach (GenerationResult result in whole)
        {
            TokenEvent[] mine = [.. events.Where(e => e.Sample == result.Sample)];
            Assert.Equal(result.Ids, mine.Select(e => e.Token));
            Assert.Equal(result.Finish, mine[^1].Finish);
            Assert.All(mine[..^1], e => Assert.Null(e.Finish));
        }
    }

    /// <summary>A thousand draws follow the model's own probabilities: Pearson's chi-squared below its 99.9 % point.</summary>
    [Fact]
    public void Sampling_follows_the_distribution()
    {
        GenerationRequest request = new() { Prompt = [3, 1, 4, 1, 5], Samples = 4000, MaxTokens = 1, Seed = 11, StopIds = [], Sampling = new SamplingOptions { TopK = 6 } };
        int[] counts = new int[TinyModels.Vocabulary];
        foreach (GenerationResult result in new Engine(Model).Generate(request)) counts[result.Ids[0]]++;
        using Tape tape = new(recording: false);
        float[] logits = Model.Logits(tape, Model.Hidden(tape, TokenBatch.Of([3, 1, 4, 1, 5]))).Data[^TinyModels.Vocabulary..].ToArray();
        new TopK(6).Apply(logits, new TokenHistory([], 0));
        double[] p = new double[logits.Length];
        Probabilities.Softmax(logits, p);
        double chi = 0;
        for (int i = 0; i < p.Length; i++)
        {
            if (p[i] == 0) Assert.Equal(0, counts[i]);
            else chi += Math.Pow(counts[i] - 4000 * p[i], 2) / (4000 * p[i]);
        }
        Assert.True(chi < 20.5, $"chi-squared with 5 degrees of freedom: {chi}");
    }

    [Theory]
    [InlineData(0, 1, 1, "no tokens")]
    [InlineData(3, 0, 1, "samples is 0")]
    [InlineData(3, 1, 0, "most tokens")]
    public void Impossible_requests_are_refused(int length, int samples, int tokens, string message)
    {
        HoneException error = Assert.Throws<HoneException>(() => new Engine(Model).Generate(
            new GenerationRequest { Prompt = new int[length], Samples = samples, MaxTokens = tokens }));
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void A_token_outside_the_vocabulary_is_refused()
    {
        HoneException error = Assert.Throws<HoneException>(() => new Engine(Model).Generate(new GenerationRequest { Prompt = [1, 60] }));
        Assert.Contains("60 is outside", error.Message);
    }

    private sealed class CountingBlock(IBlock inner) : IBlock
    {
        public int Tokens { get; private set; }

        public Tensor Forward(Tape tape, Tensor hidden, ForwardContext context)
        {
            Tokens += hidden.Shape.Rows;
            return inner.Forward(tape, hidden, context);
        }
    }
}
