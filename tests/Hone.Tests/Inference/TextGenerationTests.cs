using Hone.Core;
using Hone.Inference;
using Hone.Inference.Chat;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Microsoft.Extensions.AI;

namespace Hone.Tests.Inference;

/// <summary>Text, stop strings, many callers and chat, over a small model whose tokenizer spells words.</summary>
public sealed class TextGenerationTests
{
    private const string Template = "{% for m in messages %}<q>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<a>{% endif %}";

    private static readonly Tokenizer Words = SeedTokenizer.Create(["red", "green", "blue", "one", "two"]).WithChatTemplate(Template);
    private static readonly LanguageModel Model = MakeModel();

    [Fact]
    public void Pieces_of_a_stream_make_up_the_text()
    {
        GenerationRequest request = new() { Prompt = Words.Encode("<q>red<a>"), MaxTokens = 40, Seed = 2, Samples = 3 };
        Engine engine = new(Model, Words);
        IReadOnlyList<GenerationResult> results = engine.Generate(request);
        TokenEvent[] events = [.. engine.Stream(request)];
        foreach (GenerationResult result in results)
        {
            Assert.Equal(Words.Decode(result.Ids), result.Text);
            Assert.Equal(result.Text, string.Concat(events.Where(e => e.Sample == result.Sample).Select(e => e.Text)));
        }
    }

    [Fact]
    public void A_stop_string_ends_the_text_in_front_of_it_even_when_it_spans_tokens()
    {
        Engine engine = new(Model, Words);
        GenerationRequest free = new() { Prompt = Words.Encode("<q>red<a>"), MaxTokens = 40, Seed = 5, StopIds = [] };
        string text = engine.Generate(free)[0].Text;
        string stop = text[12..17];
        int at = text.IndexOf(stop, StringComparison.Ordinal);
        GenerationResult cut = engine.Generate(free with { StopStrings = ["no such text", stop] })[0];
        Assert.Equal(FinishReason.StopString, cut.Finish);
        Assert.Equal(text[..at], cut.Text);
        Assert.Equal(text[..at], string.Concat(engine.Stream(free with { StopStrings = [stop] }).Select(e => e.Text)));
    }

    [Theory]
    [InlineData(new[] { "ab", "c" }, new[] { "x", "a", "b", "y" }, "x", true)]
    [InlineData(new[] { "aab" }, new[] { "a", "a", "a", "b" }, "a", true)]
    [InlineData(new[] { "abc", "b" }, new[] { "a", "b", "c" }, "a", true)]
    [InlineData(new[] { "abc" }, new[] { "a", "b" }, "ab", false)]
    [InlineData(new string[0], new[] { "a", "b" }, "ab", false)]
    public void Stop_strings_by_hand(string[] stops, string[] pieces, string expected, bool stopped)
    {
        StopText text = new(Words, stops);
        string shown = "";
        foreach (string piece in pieces)
        {
            if (!text.Stopped) shown += text.Push(Words.IdOf(piece)!.Value);
        }
        shown += text.Finish();
        Assert.Equal((expected, expected, stopped), (shown, text.Text, text.Stopped));
    }

    [Fact]
    public async Task Callers_of_a_host_get_what_they_would_get_alone()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 12).Select(i => new GenerationRequest
        {
            Prompt = Words.Encode($"<q>red {i}<a>"), MaxTokens = 5 + i, Seed = i, Samples = 1 + i % 2, StopIds = [],
        })];
        using EngineHost host = new(new Engine(Model, Words));
        IReadOnlyList<GenerationResult>[] results = await Task.WhenAll(requests.Select(r => Task.Run(() => host.GenerateAsync(r))));
        Engine alone = new(Model, Words);
        for (int i = 0; i < requests.Length; i++) Assert.Equal(alone.Generate(requests[i]).Select(r => r.Text), results[i].Select(r => r.Text));
    }

    [Fact]
    public async Task A_bad_or_cancelled_request_leaves_the_others_alone()
    {
        using EngineHost host = new(new Engine(Model, Words));
        using CancellationTokenSource stop = new();
        Task<IReadOnlyList<GenerationResult>> endless = host.GenerateAsync(
            new GenerationRequest { Prompt = [1], MaxTokens = 1_000_000, StopIds = [] }, _ => { }, stop.Token);
        Task<IReadOnlyList<GenerationResult>> good = host.GenerateAsync(new GenerationRequest { Prompt = [1], MaxTokens = 3, StopIds = [] });
        await Assert.ThrowsAsync<HoneException>(() => host.GenerateAsync(new GenerationRequest { Prompt = [] }));
        Assert.Equal(3, (await good)[0].Ids.Length);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless);
    }

    [Fact]
    public async Task Chat_whole_and_streamed()
    {
        using LocalChatClient client = new(new LoadedModel(Model, null, Words));
        ChatOptions options = new() { Temperature = 1, Seed = 4, MaxOutputTokens = 12 };
        ChatMessage[] messages = [new(ChatRole.User, "green")];
        ChatResponse whole = await client.GetResponseAsync(messages, options);
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(messages, options)) updates.Add(update);
        Assert.Equal(whole.Text, string.Concat(updates.Select(u => u.Text)));
        GenerationResult direct = new Engine(Model, Words).Generate(new GenerationRequest { Prompt = Words.Encode("<q>green<a>"), Seed = 4, MaxTokens = 12 })[0];
        Assert.Equal(direct.Text, whole.Text);
        Assert.Equal(direct.Ids.Length, whole.Usage!.OutputTokenCount);
        Assert.Equal(direct.Finish == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop, whole.FinishReason);
    }

    [Fact]
    public void Chat_needs_a_template() =>
        Assert.Contains("no chat template", Assert.Throws<HoneException>(() => new LocalChatClient(new LoadedModel(Model, null, SeedTokenizer.Create(["red"])))).Message);

    private static LanguageModel MakeModel()
    {
        LanguageModel model = new(TinyModels.Llama().Config.With("vocab_size", Words.VocabularySize));
        ModelInit.Randomise(model, new RandomStream(3, "words"), new InitOptions { EmbeddingDeviation = 1, MatrixDeviation = 0.3f });
        return model;
    }
}
