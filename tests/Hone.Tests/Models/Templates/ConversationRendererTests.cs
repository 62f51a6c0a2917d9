using System.Text.Json.Nodes;
using Hone.Models.Templates;

namespace Hone.Tests.Models.Templates;

public class ConversationRendererTests
{
    private const string Plain =
        "{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + '<|end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}";

    private const string Marked =
        "{% for m in messages %}{{ '<|' + m.role + '|>\\n' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}{{ '<|end|>\\n' }}{% endfor %}";

    private static readonly JsonArray Dialogue = Messages("user", "Hi 🎉", "assistant", "Yo.", "user", "Bye", "assistant", "See you  ");

    [Fact]
    public void Without_marks_the_spans_come_from_comparing_renderings()
    {
        RenderedTemplate rendered = Renderer(Plain).RenderForTraining(new Conversation(Dialogue));
        Assert.Equal(["Yo.<|end|>", "See you  <|end|>"], Spans(rendered));
    }

    [Fact]
    public void With_marks_the_end_of_turn_is_added_when_the_template_left_it_out()
    {
        ConversationRenderer renderer = new(ChatTemplate.Parse(Marked), new Dictionary<string, string> { ["eos_token"] = "<|end|>" });
        Assert.Equal(["Yo.<|end|>", "See you  <|end|>"], Spans(renderer.RenderForTraining(new Conversation(Dialogue))));
        Assert.Equal(["Yo.", "See you  "], Spans(renderer.RenderWithSpans(new Conversation(Dialogue))));
    }

    [Fact]
    public void Messages_before_TrainFrom_are_context_only()
    {
        Conversation conversation = new(Dialogue) { TrainFrom = 3 };
        Assert.Equal(["See you  <|end|>"], Spans(Renderer(Plain).RenderForTraining(conversation)));
    }

    [Fact]
    public void The_mask_holds_every_token_of_a_turn_with_its_end()
    {
        MaskedTokens tokens = Renderer(Plain).Tokenize(new Conversation(Dialogue), ByCodePoint);
        string learnt = string.Concat(tokens.Ids.Zip(tokens.LossMask).Where(t => t.Second).Select(t => char.ConvertFromUtf32(t.First)));
        Assert.Equal("Yo.<|end|>See you  <|end|>", learnt);
        Assert.Equal(tokens.Ids.Length, tokens.LossMask.Length);
    }

    [Fact]
    public void An_open_last_message_is_cut_where_its_text_ends()
    {
        Conversation open = new(Dialogue) { ContinueFinalMessage = true };
        Assert.EndsWith("<|assistant|>\nSee you  ", Renderer(Plain).Render(open));
        Assert.EndsWith("<|assistant|>\nSee you", Renderer(Plain.Replace("m.content", "m.content | trim")).Render(open));
        Assert.Equal(["Yo.<|end|>", "See you  "], Spans(Renderer(Plain).RenderForTraining(open)));
    }

    [Theory]
    // Drops what earlier assistants thought, as reasoning models' templates do.
    [InlineData("{% for m in messages %}{{ '<|' + m.role + '|>\\n' + (m.content if loop.last else m.content | replace('Yo', '')) + '<|end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}", "written differently")]
    // Says how many messages there are before the first of them.
    [InlineData("{{ messages | length }}{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + '<|end|>\\n' }}{% endfor %}", "does not keep prefixes")]
    [InlineData("{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + '<|end|>\\n' }}{% endfor %}", "no generation prompt")]
    [InlineData("{% for m in messages %}{{ '\\n' + m.role[0] + ':' + m.content }}{% endfor %}{{ '\\na:' if add_generation_prompt }}", "no end of turn")]
    [InlineData("{{ '' }}{% for m in messages %}{% generation %}{{ m.role + m.content }}{% endgeneration %}{% endfor %}", "every token")]
    public void Uncertain_spans_are_refused(string template, string message)
    {
        HoneException error = Assert.Throws<HoneException>(() => Renderer(template).Tokenize(new Conversation(Dialogue), ByCodePoint));
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void A_conversation_without_an_assistant_trains_on_nothing_and_says_so()
    {
        Conversation conversation = new(Messages("user", "Hi"));
        Assert.Contains("no token", Assert.Throws<HoneException>(() => Renderer(Plain).Tokenize(conversation, ByCodePoint)).Message);
    }

    [Fact]
    public void A_doubled_bos_is_refused()
    {
        ConversationRenderer renderer = new(ChatTemplate.Parse("{{ bos_token }}" + Plain), new Dictionary<string, string> { ["bos_token"] = "B" });
        HoneException error = Assert.Throws<HoneException>(() => renderer.Tokenize(new Conversation(Dialogue), text =>
        {
            (int[] ids, (int Start, int End)[] offsets) = ByCodePoint(text);
            return (['B', .. ids], [(0, 0), .. offsets]);
        }));
        Assert.Contains("adds it again", error.Message);
    }

    [Fact]
    public void A_generation_block_whose_place_is_unknown_is_refused()
    {
        string template = "x{% macro m() %}{% generation %}a{% endgeneration %}{% endmacro %}{{ m() }}";
        Assert.Equal("xa", ChatTemplate.Parse(template).Render([]));
        Assert.Contains("no known place", Assert.Throws<HoneException>(() => ChatTemplate.Parse(template).RenderWithSpans([])).Message);
    }

    [Fact]
    public void Errors_name_line_and_column()
    {
        string message = Assert.Throws<HoneException>(() => ChatTemplate.Parse("a\n  {{ x.y.z }}").Render([])).Message;
        Assert.Equal("chat template, line 2, column 8: 'x' is undefined", message);
        message = Assert.Throws<HoneException>(() => ChatTemplate.Parse("\n\n {% if x %}")).Message;
        Assert.StartsWith("chat template, line 3, column 12: unexpected end of template", message);
    }

    [Fact]
    public void The_callers_json_is_left_as_it_was()
    {
        string before = Dialogue.ToJsonString();
        Renderer(Plain).RenderForTraining(new Conversation(Dialogue) { ContinueFinalMessage = true });
        Assert.Equal(before, Dialogue.ToJsonString());
    }

    private static ConversationRenderer Renderer(string template) => new(ChatTemplate.Parse(template));

    private static string[] Spans(RenderedTemplate rendered) => [.. rendered.GenerationSpans.Select(s => rendered.Text[s.Start..s.End])];

    private static JsonArray Messages(params string[] rolesAndTexts) =>
        [.. rolesAndTexts.Chunk(2).Select(m => new JsonObject { ["role"] = m[0], ["content"] = m[1] })];

    private static (int[] Ids, (int Start, int End)[] Offsets) ByCodePoint(string text)
    {
        int[] ids = [.. text.EnumerateRunes().Select(r => r.Value)];
        return (ids, [.. ids.Select((_, i) => (i, i + 1))]);
    }
}
