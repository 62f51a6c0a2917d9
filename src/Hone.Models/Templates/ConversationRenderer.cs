using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Models.Templates;

/// <summary>
/// Turns conversations into text, and into tokens with a loss mask. The same class renders prompts for inference and
/// sequences for training, so the two cannot diverge. Equal to transformers' <c>apply_chat_template</c>.
/// </summary>
/// <param name="template">The model's chat template.</param>
/// <param name="specialTokens">The texts of <c>bos_token</c>, <c>eos_token</c> and the like, as far as the tokenizer has them.</param>
/// <param name="options">Clock and limits.</param>
public sealed partial class ConversationRenderer(ChatTemplate template, IReadOnlyDictionary<string, string>? specialTokens = null, TemplateOptions? options = null)
{
    private const string ContinueTag = "CONTINUE_FINAL_MESSAGE_TAG ";

    /// <summary>The template.</summary>
    public ChatTemplate Template { get; } = template;

    /// <summary>Used instead when tools are offered; null where one template does for both.</summary>
    public ChatTemplate? ToolTemplate { get; init; }

    /// <summary>The text of one special token, or null.</summary>
    public string? SpecialToken(string name) => specialTokens?.GetValueOrDefault(name);

    /// <summary>The text of a conversation.</summary>
    /// <exception cref="HoneException">The template refuses it, or the options contradict each other.</exception>
    public string Render(Conversation conversation) => RenderWithSpans(conversation, trackSpans: false).Text;

    /// <summary>The text, and where the template's generation blocks came out.</summary>
    /// <exception cref="HoneException">As for <see cref="Render"/>.</exception>
    public RenderedTemplate RenderWithSpans(Conversation conversation) => RenderWithSpans(conversation, trackSpans: true);

    /// <summary>
    /// The text, and what of it assistants say, each span up to and with the end of the turn. Where the template has no
    /// generation blocks the spans are found by comparing the conversation cut before and after each assistant message.
    /// </summary>
    /// <exception cref="HoneException">The spans cannot be told with certainty; the message says why.</exception>
    public RenderedTemplate RenderForTraining(Conversation conversation) => new AssistantSpans(this, conversation).Find();

    /// <summary>Tokens and loss mask of a conversation.</summary>
    /// <param name="conversation">What to render.</param>
    /// <param name="tokenize">
    /// Text to ids and offsets, [start, end) in Unicode code points, special tokens in the text recognised and none added.
    /// </param>
    /// <exception cref="HoneException">The spans are uncertain, nothing or everything would be trained on, or a BOS token is doubled.</exception>
    public MaskedTokens Tokenize(Conversation conversation, Func<string, (int[] Ids, (int Start, int End)[] Offsets)> tokenize)
    {
        RenderedTemplate rendered = RenderForTraining(conversation);
        (int[] ids, (int Start, int End)[] offsets) = tokenize(rendered.Text);
        CheckDoubledBos(rendered.Text, ids, offsets);
        bool[] mask = LossMask.Of(offsets, rendered.GenerationSpansInCodePoints);
        LossMask.Check(mask);
        return new MaskedTokens(rendered.Text, ids, mask);
    }

    internal RenderedTemplate RenderWithSpans(Conversation conversation, bool trackSpans)
    {
        if (!conversation.ContinueFinalMessage) return Run(conversation, conversation.Messages, trackSpans);
        if (conversation.AddGenerationPrompt)
            throw new HoneException("add_generation_prompt and continue_final_message are not compatible. Use the one to start a new assistant message, the other to go on with the last.");
        JsonArray messages = (JsonArray)conversation.Messages.DeepClone();
        string last = MarkLastMessage(messages);
        RenderedTemplate rendered = Run(conversation, messages, trackSpans);
        return CutAtMark(rendered, last);
    }

    private RenderedTemplate Run(Conversation conversation, JsonArray messages, bool trackSpans)
    {
        JsonObject context = new()
        {
            ["messages"] = Copy(messages),
            ["tools"] = Copy(conversation.Tools),
            ["documents"] = Copy(conversation.Documents),
            ["add_generation_prompt"] = conversation.AddGenerationPrompt,
        };
        foreach ((string name, string text) in specialTokens ?? new Dictionary<string, string>()) context[name] = text;
        foreach ((string name, JsonNode? value) in conversation.Context ?? []) context[name] = Copy(value);
        ChatTemplate chosen = TemplateFor(conversation);
        return trackSpans ? chosen.RenderWithSpans(context, options) : new RenderedTemplate(chosen.Render(context, options), []);
    }

    public ChatTemplate TemplateFor(Conversation conversation) =>
        conversation.Tools is not null && ToolTemplate is not null ? ToolTemplate : Template;

    // A JSON node has one parent; the caller keeps its own.
    private static JsonNode? Copy(JsonNode? node) => node?.DeepClone();

    /// <summary>Appends a mark to the last message's text and returns that text.</summary>
    private static string MarkLastMessage(JsonArray messages)
    {
        JsonObject? message = messages.Count > 0 ? messages[^1] as JsonObject : null;
        (JsonObject Holder, string Key)? place = message?["content"] switch
        {
            JsonValue value when value.GetValueKind() == JsonValueKind.String => (message, "content"),
            JsonArray parts when parts.OfType<JsonObject>().LastOrDefault(p => p["text"] is JsonValue) is { } part => (part, "text"),
            _ => null,
        };
        if (place is not { } found)
            throw new HoneException("continue_final_message is set, but the last message has no text to go on with.");
        string text = found.Holder[found.Key]!.GetValue<string>();
        found.Holder[found.Key] = text + ContinueTag;
        return text;
    }

    private static RenderedTemplate CutAtMark(RenderedTemplate rendered, string last)
    {
        string mark = ContinueTag.TrimEnd();
        int at = rendered.Text.LastIndexOf(mark, StringComparison.Ordinal);
        if (at < 0 || !rendered.Text.Contains(PythonText.Strip(last, null), StringComparison.Ordinal))
            throw new HoneException("continue_final_message is set, but the last message does not appear in the rendered text as it is: the template drops or rewrites part of it.");
        // The mark ends in a space: a template that trims messages has taken it, and would have trimmed the message too.
        bool keepsSpace = rendered.Text.AsSpan(at).StartsWith(ContinueTag);
        string text = keepsSpace ? rendered.Text[..at] : PythonText.Strip(rendered.Text[..at], null, left: false);
        TextSpan[] spans = [.. rendered.GenerationSpans.Where(s => s.Start < text.Length).Select(s => s with { End = Math.Min(s.End, text.Length) })];
        return new RenderedTemplate(text, spans);
    }

    private void CheckDoubledBos(string text, int[] ids, (int Start, int End)[] offsets)
    {
        if (SpecialToken("bos_token") is not { Length: > 0 } bos || !text.StartsWith(bos, StringComparison.Ordinal)) return;
        if (ids.Length >= 2 && ids[0] == ids[1] && offsets[0].End == offsets[0].Start)
            throw new HoneException($"the template writes '{bos}' and the tokenizer adds it again. Tokenize without adding special tokens.");
    }
}
