using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Templates;
using Hone.Models.Tokenizers;

namespace Hone.Models.Text;

/// <summary>A prompt and what should follow it, as tokens.</summary>
/// <param name="Ids">[tokens] prompt, then completion.</param>
/// <param name="PromptTokens">Length of the prompt.</param>
public sealed record TokenizedCompletion(int[] Ids, int PromptTokens);

/// <summary>
/// How questions and answers become one model's tokens: through its chat template where it has one, else as plain text with a
/// line end between. Training, evaluation and generation all ask here, so what a model is trained on and what it is asked
/// later are cut into the same tokens: prompt and completion are always tokenised apart.
/// </summary>
public sealed class ModelText
{
    private readonly ConversationRenderer? renderer;
    private readonly HashSet<int> endIds;

    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="renderer">Its chat template, or null.</param>
    /// <param name="endIds">Tokens that end an answer; the first is written behind plain completions.</param>
    public ModelText(Tokenizer tokenizer, ConversationRenderer? renderer, IReadOnlyCollection<int> endIds)
    {
        (Tokenizer, this.renderer, EndIds, this.endIds) = (tokenizer, renderer, endIds, [.. endIds]);
    }

    public Tokenizer Tokenizer { get; }

    /// <summary>Tokens that end an answer.</summary>
    public IReadOnlyCollection<int> EndIds { get; }

    /// <summary>Whether messages can be rendered.</summary>
    public bool HasTemplate => renderer is not null;

    /// <summary>The model's renderer of conversations.</summary>
    /// <exception cref="HoneException">The model has no chat template.</exception>
    public ConversationRenderer Renderer =>
        renderer ?? throw new HoneException("the model has no chat template, so rows of messages cannot be rendered. Use prompt and completion, or text.");

    /// <summary>The prompt that asks a question.</summary>
    /// <param name="question">What the user says.</param>
    /// <param name="prefix">Start of the answer that is given; the model goes on from it.</param>
    public int[] Prompt(string question, string prefix = "")
    {
        int[] prompt = renderer is null
            ? Tokenizer.Encode(question + "\n")
            : Encode(renderer.Render(new Conversation(Ask(question)) { AddGenerationPrompt = true }));
        return prefix.Length == 0 ? prompt : [.. prompt, .. Tokenizer.Encode(prefix, addSpecialTokens: false)];
    }

    /// <summary>The prompt of a conversation whose last turn is the user's.</summary>
    public int[] Prompt(JsonArray messages, JsonArray? tools = null) =>
        Encode(Renderer.Render(new Conversation(messages) { AddGenerationPrompt = true, Tools = tools }));

    /// <summary>A question with the answer the model should give, up to and with the end token.</summary>
    public TokenizedCompletion QuestionAndAnswer(string question, string answer)
    {
        int[] prompt = Prompt(question);
        int[] completion = renderer is null ? PlainCompletion(answer) : TemplateCompletion(question, answer);
        return new([.. prompt, .. completion], prompt.Length);
    }

    /// <summary>A plain prompt and its completion, tokenised as they stand, with the end token behind.</summary>
    public TokenizedCompletion PromptAndCompletion(string prompt, string completion)
    {
        int[] first = Tokenizer.Encode(prompt);
        return new([.. first, .. PlainCompletion(completion)], first.Length);
    }

    /// <summary>
    /// A plain prompt and its completion, tokenised together as TRL does: a token may reach over the border, and then the prompt
    /// counts as long as it is alone. The end token is put behind unless the completion ends in it.
    /// </summary>
    public TokenizedCompletion Joined(string prompt, string completion) =>
        new(Tokenizer.Encode(prompt + Ended(completion)), Tokenizer.Encode(prompt).Length);

    /// <summary>The text with the end token's text behind, unless it ends in it already.</summary>
    public string Ended(string text)
    {
        string end = EndIds.Count == 0 ? "" : Tokenizer.TokenOf(EndIds.First());
        return end.Length == 0 || text.EndsWith(end, StringComparison.Ordinal) ? text : text + end;
    }

    /// <summary>Plain text with the end token behind.</summary>
    public int[] Text(string text) => WithEnd(Tokenizer.Encode(text));

    /// <summary>A whole conversation as tokens.</summary>
    public int[] Rendered(Conversation conversation) => Encode(Renderer.Render(conversation));

    /// <summary>
    /// The start of a conversation as it stands before the reply: with the generation prompt behind a user's turn, left open where
    /// the last turn is the assistant's own.
    /// </summary>
    public int[] OpenPrompt(JsonArray messages, JsonArray? tools = null) => Encode(OpenPromptText(messages, tools));

    /// <summary>The text behind <see cref="OpenPrompt"/>.</summary>
    public string OpenPromptText(JsonArray messages, JsonArray? tools = null)
    {
        bool isOpen = messages.Count > 0 && (string?)messages[^1]?["role"] == "assistant";
        return Renderer.Render(new Conversation(messages) { AddGenerationPrompt = !isOpen, ContinueFinalMessage = isOpen, Tools = tools });
    }

    /// <summary>A whole conversation, with a loss mask over what assistants say.</summary>
    public MaskedTokens Messages(Conversation conversation) => Renderer.Tokenize(conversation, text =>
    {
        TokenEncoding encoding = Tokenizer.EncodeDetailed(text, options: new EncodeOptions { AddSpecialTokens = false });
        return ([.. encoding.Ids], [.. encoding.Offsets.Select(o => (o.Start, o.End))]);
    });

    /// <summary>The text of generated ids, without special tokens.</summary>
    public string Decode(ReadOnlySpan<int> ids) => Tokenizer.Decode(ids);

    private int[] TemplateCompletion(string question, string answer)
    {
        JsonArray messages = Ask(question);
        string prompt = renderer!.Render(new Conversation((JsonArray)messages.DeepClone()) { AddGenerationPrompt = true });
        messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = answer });
        string whole = renderer.Render(new Conversation(messages));
        if (!whole.StartsWith(prompt, StringComparison.Ordinal))
            throw new HoneException("the chat template renders a question differently once it is answered, so training on its answers alone is not possible.");
        int[] ids = Encode(whole[prompt.Length..]);
        int last = Array.FindLastIndex(ids, endIds.Contains);
        return last < 0 ? WithEnd(ids) : ids[..(last + 1)]; // what a template puts behind the end token is never generated
    }

    private int[] PlainCompletion(string completion) => WithEnd(Tokenizer.Encode(completion, addSpecialTokens: false));

    private int[] WithEnd(int[] ids) =>
        EndIds.Count == 0 || (ids.Length > 0 && endIds.Contains(ids[^1])) ? ids : [.. ids, EndIds.First()];

    private int[] Encode(string rendered) => Tokenizer.Encode(rendered, addSpecialTokens: false);

    private static JsonArray Ask(string question) => new(new JsonObject { ["role"] = "user", ["content"] = question });
}
