using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Models.Templates;

/// <summary>
/// Finds what assistants say in a rendered conversation, end of turn included. A wrong answer here trains a model on the
/// wrong tokens without anyone noticing, so whatever cannot be told with certainty is an error.
/// </summary>
internal sealed class AssistantSpans(ConversationRenderer renderer, Conversation conversation)
{
    private const string Advice = "Use a template with {% generation %} … {% endgeneration %} around what the assistant writes.";

    public RenderedTemplate Find()
    {
        bool isMarked = renderer.TemplateFor(conversation).HasGenerationBlocks;
        RenderedTemplate rendered = renderer.RenderWithSpans(conversation, isMarked);
        List<TextSpan> spans = isMarked ? Marked(rendered) : Compared(rendered.Text);
        return rendered with { GenerationSpans = spans };
    }

    // A block that ends just before the end-of-turn token would teach the model everything but to stop.
    private List<TextSpan> Marked(RenderedTemplate rendered)
    {
        int start = conversation.TrainFrom > 0 ? Prefix(conversation.TrainFrom, rendered.Text).Length : 0;
        string eos = renderer.SpecialToken("eos_token") ?? "";
        List<TextSpan> spans = [];
        foreach (TextSpan span in rendered.GenerationSpans.Where(s => s.Start >= start && s.End > s.Start))
        {
            bool eosFollows = eos.Length > 0 && rendered.Text.AsSpan(span.End).StartsWith(eos);
            spans.Add(eosFollows ? span with { End = span.End + eos.Length } : span);
        }
        return spans;
    }

    private List<TextSpan> Compared(string text)
    {
        List<TextSpan> spans = [];
        for (int i = Math.Max(0, conversation.TrainFrom); i < conversation.Messages.Count; i++)
        {
            if (RoleOf(conversation.Messages[i]) != "assistant") continue;
            string before = Prefix(i, text);
            string after = i == conversation.Messages.Count - 1 && !conversation.AddGenerationPrompt ? text : RenderUpTo(i + 1, addPrompt: false);
            if (!text.StartsWith(after, StringComparison.Ordinal) || after.Length <= before.Length)
                throw new HoneException($"message {i} (assistant) is written differently when other messages follow it, so what to train on is unclear. {Advice}");
            spans.Add(Span(i, text, before.Length, after.Length));
        }
        return spans;
    }

    /// <summary>The conversation before message <paramref name="index"/> with a generation prompt; must be how the whole text starts.</summary>
    private string Prefix(int index, string text)
    {
        string prefix = RenderUpTo(index, addPrompt: true);
        return text.StartsWith(prefix, StringComparison.Ordinal) ? prefix : throw new HoneException(
            $"the text before message {index} is not how the whole conversation starts: the template does not keep prefixes, so what to train on is unclear. {Advice}");
    }

    private string RenderUpTo(int count, bool addPrompt)
    {
        JsonArray head = [.. conversation.Messages.Take(count).Select(m => m?.DeepClone())];
        try
        {
            return renderer.Render(conversation with { Messages = head, AddGenerationPrompt = addPrompt, ContinueFinalMessage = false });
        }
        catch (HoneException error)
        {
            throw new HoneException($"the conversation cannot be rendered up to message {count}, which is needed to tell what to train on: {error.Message} {Advice}", error);
        }
    }

    private TextSpan Span(int index, string text, int start, int end)
    {
        bool isOpen = conversation.ContinueFinalMessage && index == conversation.Messages.Count - 1;
        string turn = text[start..end];
        if (ContentOf(conversation.Messages[index]) is { Length: > 0 } content && turn.LastIndexOf(content, StringComparison.Ordinal) is >= 0 and int at)
        {
            CheckHeader(index, turn[..at], start);
            string rest = turn[(at + content.Length)..];
            if (!isOpen && string.IsNullOrWhiteSpace(rest))
                throw new HoneException($"the template writes no end of turn after message {index} (assistant): the model would never learn to stop. {Advice}");
        }
        // White space after the end-of-turn token is the start of the next turn: nobody generates it.
        return new TextSpan(start, isOpen ? end : start + PythonText.Strip(turn, null, left: false).Length);
    }

    // Without a generation prompt the role's header would be trained on as if the model had to write it.
    private void CheckHeader(int index, string header, int start)
    {
        if (string.IsNullOrWhiteSpace(header) || RenderUpTo(index, addPrompt: false).Length < start) return;
        throw new HoneException($"the template has no generation prompt, and writes '{header.Trim()}' before message {index} (assistant), which would be trained on. {Advice}");
    }

    private static string? RoleOf(JsonNode? message) => (message as JsonObject)?["role"]?.ToString();

    private static string? ContentOf(JsonNode? message) =>
        (message as JsonObject)?["content"] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? PythonText.Strip(value.GetValue<string>(), null) : null;
}
