using System.Text.Json.Nodes;
using Hone.Agents.Scripting;
using Hone.Evaluation.Rewards;
using Microsoft.Extensions.AI;

namespace Hone.Tests.Evaluation;

/// <summary>Rewards of every kind, and how users write them.</summary>
public sealed class RewardTests : IDisposable
{
    private static readonly Row Question = new("1", new JsonObject { ["question"] = "1 + 1 =", ["answer"] = "2" });
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    [Fact]
    public async Task A_script_sees_row_prompt_output_and_answer()
    {
        using IReward reward = Create("script:" + Script("double bonus = Prompt.Length > 3 ? 0.5 : 0;\nOutput.Contains(Answer) ? 1 + bonus : Row.Has(\"answer\") ? -1 : (double?)null"));
        IReadOnlyList<Score> scores = await reward.ScoreAsync([Item("It is 2."), Item("three")], default);
        Assert.Equal([1.5, -1], scores.Select(s => s.Value));
        Assert.Equal("reward", reward.Name);
    }

    [Fact]
    public async Task A_script_may_give_nothing_and_what_is_no_number_is_nothing()
    {
        using IReward reward = Create("script:" + Script("Output == \"\" ? (double?)null : double.NaN"));
        Assert.All(await reward.ScoreAsync([Item(""), Item("x")], default), s => Assert.Null(s.Value));
    }

    [Theory]
    [InlineData("1 +", "reward.csx:1: the script does not compile")]
    [InlineData("\nNothingOfThatName", "reward.csx:2: the script does not compile")]
    public void A_script_that_does_not_compile_is_named_by_line(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<HoneException>(() => Create("script:" + Script(text))).Message);

    [Fact]
    public async Task A_script_that_throws_is_an_error_of_the_user()
    {
        CSharpFile<RewardScript, double?> script = CSharpFile<RewardScript, double?>.Load(Script("(double?)int.Parse(Output)"));
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => script.RunAsync(new RewardScript { Row = Question, Prompt = "", Output = "x" }));
        Assert.Contains("the script failed with FormatException", error.Message);
    }

    [Fact]
    public async Task A_checker_gives_one_or_nothing()
    {
        using IReward reward = Create("checker:number");
        Assert.Equal([1, 0], (await reward.ScoreAsync([Item("2"), Item("3")], default)).Select(s => s.Value));
        using IReward bare = Create("number");
        Assert.Equal("number", bare.Name);
    }

    [Theory]
    [InlineData("chekcer:number", "Did you mean 'checker:number'?")]
    [InlineData("checker:nmber", "Did you mean 'number'?")]
    [InlineData("script:", "names nothing behind the colon")]
    [InlineData("model:x", "is not available here")]
    public void Misspelt_rewards_are_explained(string text, string expected) => Assert.Contains(expected, Assert.Throws<HoneException>(() => Create(text)).Message);

    [Theory]
    [InlineData("Fine.\nRating: 7", 0.7)]
    [InlineData("Rating: 3. On second thoughts\n**Rating:** 10", 1.0)]
    [InlineData("8.5", 0.85)]
    [InlineData("0", 0.0)]
    [InlineData("Rating: 11", null)]
    [InlineData("good", null)]
    [InlineData("", null)]
    public async Task A_judge_rates_from_0_to_10(string reply, double? expected)
    {
        using JudgeReward judge = new(new Scripted(reply));
        Score score = Assert.Single(await judge.ScoreAsync([Item("2")], default));
        Assert.Equal(expected, score.Value);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static RewardItem Item(string output) => new(Question, "1 + 1 =", output);

    private static IReward Create(string text) => RewardFactory.Create(text, [Question], new());

    private string Script(string text)
    {
        string path = Path.Combine(folder, "reward.csx");
        File.WriteAllText(path, text);
        return path;
    }

    private sealed class Scripted(string reply) : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            Assert.Contains(messages, m => m.Text.Contains("Reference answer:\n2"));
            return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, reply)));
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }
}
