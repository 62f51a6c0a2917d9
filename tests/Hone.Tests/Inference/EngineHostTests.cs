using Hone.Core;
using Hone.Inference;
using Hone.Inference.Sampling;

namespace Hone.Tests.Inference;

public sealed class EngineHostTests
{
    private static readonly GenerationRequest Plain = new() { Prompt = [.. Enumerable.Range(3, 40)], MaxTokens = 6, StopIds = [] };

    [Fact]
    public async Task A_request_that_cannot_go_on_fails_alone()
    {
        using EngineHost host = new(new Engine(TinyModels.Llama()));
        Task<IReadOnlyList<GenerationResult>> good = host.GenerateAsync(Plain with { MaxTokens = 30 });
        GenerationRequest stuck = Plain with { Samples = 3, Sampling = new SamplingOptions { SuppressTokens = [.. Enumerable.Range(0, TinyModels.Vocabulary)] } };
        Assert.Contains("every token is forbidden", (await Assert.ThrowsAsync<HoneException>(() => host.GenerateAsync(stuck))).Message);
        Assert.Equal(30, (await good)[0].Ids.Length);
    }

    [Fact]
    public async Task A_chat_that_goes_on_takes_over_all_but_what_is_new()
    {
        using EngineHost host = new(new Engine(TinyModels.Llama(), options: new EngineOptions { PrefixTokens = 500 }));
        GenerationResult first = (await host.GenerateAsync(Plain))[0];
        int[] longer = [.. Plain.Prompt, .. first.Ids, 7, 8, 9];
        IReadOnlyList<GenerationResult> second = await host.GenerateAsync(Plain with { Prompt = longer });
        Assert.Equal(new Engine(TinyModels.Llama()).Generate(Plain with { Prompt = longer })[0].Ids, second[0].Ids);
        Assert.Equal(Plain.Prompt.Count + first.Ids.Length - 1, host.Status.ReusedTokens);
    }

    [Fact]
    public async Task It_answers_after_a_rest_in_which_memory_went_back()
    {
        using EngineHost host = new(new Engine(TinyModels.Llama()));
        int[] before = (await host.GenerateAsync(Plain))[0].Ids;
        await Task.Delay(EngineHost.IdleMilliseconds + 300, TestContext.Current.CancellationToken);
        Assert.Equal(before, (await host.GenerateAsync(Plain))[0].Ids);
    }

    [Fact]
    public async Task Kept_prompts_stay_within_their_limit_and_can_be_forgotten()
    {
        using EngineHost host = new(new Engine(TinyModels.Llama(), options: new EngineOptions { PrefixTokens = 100 }));
        for (int i = 0; i < 8; i++) await host.GenerateAsync(Plain with { Prompt = [.. Enumerable.Range(0, 40).Select(t => (t * (i + 3) + i) % 50)] });
        Assert.InRange(host.Status.PrefixTokens, 41, 100);
        Assert.True(host.Status.CacheBytes > 0);
        await host.ClearPrefixesAsync();
        Assert.Equal((0, 0L), (host.Status.PrefixTokens, host.Status.CacheBytes));
    }

    [Fact]
    public async Task Streams_go_on_while_a_long_prompt_is_gone_through()
    {
        using EngineHost host = new(new Engine(TinyModels.Llama(), options: new EngineOptions { PrefillTokens = 8, TakeTurns = true }));
        List<int> order = [];
        Task stream = host.GenerateAsync(Plain with { Prompt = [1, 2], MaxTokens = 100 }, e => { lock (order) order.Add(1); });
        Task prompt = host.GenerateAsync(Plain with { Prompt = [.. Enumerable.Range(0, 200).Select(i => i % 50)] }, e => { lock (order) order.Add(2); });
        await Task.WhenAll(stream, prompt);
        Assert.True(order.IndexOf(2) >= 10, $"{order.IndexOf(2)} tokens came while 200 prompt tokens were gone through, 8 at a time");
    }

    [Fact]
    public async Task Other_work_runs_between_steps_and_its_errors_reach_the_caller()
    {
        using EngineHost host = new(new Engine(TinyModels.Llama()));
        Assert.Equal("hone-engine", await host.RunAsync(() => Thread.CurrentThread.Name));
        await Assert.ThrowsAsync<HoneException>(() => host.RunAsync<int>(() => throw new HoneException("no")));
        Assert.Equal(6, (await host.GenerateAsync(Plain))[0].Ids.Length);
    }

    [Fact]
    public void Scores_name_the_likeliest_tokens()
    {
        GenerationResult result = new Engine(TinyModels.Llama()).Generate(Plain with { LogProbs = true, TopLogProbs = 4, Sampling = SamplingOptions.Greedy })[0];
        for (int i = 0; i < result.Ids.Length; i++)
        {
            TokenScore score = result.Scores![i];
            Assert.Equal((result.Ids[i], result.LogProbs![i]), score.Top[0]); // greedy: the chosen one is the likeliest
            Assert.Equal(score.Top.OrderByDescending(t => t.LogProb), score.Top);
            Assert.True(score.Top.Sum(t => Math.Exp(t.LogProb)) <= 1.0001);
        }
    }
}
