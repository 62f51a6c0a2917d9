using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.ToolCalls;
using Hone.Models.Loading;
using Hone.Models.Templates;
using Hone.Models.Tokenizers;

namespace Hone.Inference.Chat;

/// <summary>
/// A model that answers many callers at once: engine, template, grammars, and how it writes tool calls. What the in-process client
/// and the server both stand on. Thread-safe.
/// </summary>
public sealed class ChatHost : IDisposable
{
    private readonly Lazy<int> longestToken;

    /// <param name="loaded">A model with a tokenizer.</param>
    /// <param name="options">Threads, batch size, store, adapters.</param>
    /// <exception cref="HoneException">There is no tokenizer, or its template is malformed.</exception>
    public ChatHost(LoadedModel loaded, EngineOptions? options = null)
    {
        Loaded = loaded;
        Tokenizer = loaded.RequireTokenizer();
        int[] ends = [.. loaded.Generation.EosIds.Concat(Tokenizer.EosId is { } eos ? [eos] : []).Distinct()];
        Host = new EngineHost(new Engine(loaded.Model, Tokenizer, loaded.Generation with { EosIds = ends }, options));
        longestToken = new(() => Enumerable.Range(0, Tokenizer.VocabularySize).Max(id => Math.Max(1, Tokenizer.BytesOf(id).Length)));
        Grammars = new GrammarCache(Tokenizer, loaded.Model.Config.VocabularySize, ends, Marks());
        string templates = string.Concat([Tokenizer.ChatTemplate ?? "", .. Tokenizer.Names.NamedChatTemplates.Values]);
        KnowsTools = templates.Contains("tools", StringComparison.Ordinal);
        ToolFormat = ToolCallParser.Detect(templates) ?? (KnowsTools ? ToolCallFormat.PlainJson : ToolCallFormat.Hermes);
    }

    /// <summary>Weights, tokenizer, template, suggested settings.</summary>
    public LoadedModel Loaded { get; }

    public Tokenizer Tokenizer { get; }

    /// <summary>Generates.</summary>
    public EngineHost Host { get; }

    /// <summary>Grammars bound to its vocabulary.</summary>
    public GrammarCache Grammars { get; }

    /// <summary>How it writes tool calls: as its template shows, else between tags that the prompt explains.</summary>
    public ToolCallFormat ToolFormat { get; }

    /// <summary>Whether its template describes tools itself.</summary>
    public bool KnowsTools { get; }

    /// <summary>Positions the model was made for.</summary>
    public int MaxContext => Loaded.Model.Config.MaxPositions;

    /// <summary>Token ids of a text that may be far too long: one that cannot fit the context is refused before it is taken apart.</summary>
    /// <exception cref="HoneException">No tokens of this model are long enough for it to fit.</exception>
    public int[] Encode(string text, bool addSpecialTokens)
    {
        if (text.Length > (long)MaxContext * longestToken.Value)
            throw new HoneException($"the prompt has {text.Length} characters, which cannot fit the context of {MaxContext} tokens. Shorten it.");
        return Tokenizer.Encode(text, addSpecialTokens);
    }

    /// <summary>Turns a chat request into a prompt.</summary>
    /// <exception cref="HoneException">No chat template, messages it refuses, a tool or form that cannot be used; the message says which.</exception>
    public ChatPlan Plan(ChatAsk ask)
    {
        JsonArray? tools = ask.ToolChoice.Mode == ToolMode.None || ask.Tools is not { Count: > 0 } ? null : ask.Tools;
        bool mustCall = ask.ToolChoice.Mode is ToolMode.Required or ToolMode.Named;
        if (mustCall && tools is null) throw new HoneException("a tool must be called, but there are no tools.");
        if (mustCall && ask.Form is not null) throw new HoneException("a reply cannot both be a tool call and have another form. Give one of the two.");
        string prompt = Render(ask, tools);
        (string opening, string closing) = mustCall ? ToolCallForm.Frame(ToolFormat) : ("", "");
        ReplyForm? form = mustCall ? ToolCallForm.Object(ToolFormat, tools!, ask.ToolChoice.Name)
            : tools is null || !(ToolCallForm.HasStrict(tools) || ask.Form is not null || !ask.ParallelCalls) ? ask.Form
            : ReplyForm.WithCalls(ToolFormat, tools, ask.Form, isSingle: !ask.ParallelCalls);
        return new ChatPlan
        {
            Prompt = Encode(prompt + opening, addSpecialTokens: false),
            Constraint = form is null ? null : Grammars.Constraint(form),
            Format = tools is null ? null : ToolFormat,
            Opening = opening,
            Closing = closing,
            ShownTokens = tools is null ? [] : Marks(),
            MustCall = mustCall,
        };
    }

    public void Dispose() => Host.Dispose();

    private string Render(ChatAsk ask, JsonArray? tools)
    {
        bool usesTools = tools is not null || ask.Messages.Any(m => m is JsonObject o && (o.ContainsKey("tool_calls") || (string?)o["role"] == "tool"));
        bool explains = usesTools && !KnowsTools;
        JsonArray? shown = tools is null ? null : ToolCallForm.WithoutStrict(tools);
        return Loaded.RequireRenderer().Render(new Conversation(explains ? ToolPrompt.Write(ask.Messages, shown) : ask.Messages)
        {
            Tools = explains ? null : shown,
            AddGenerationPrompt = !ask.ContinueFinalMessage,
            ContinueFinalMessage = ask.ContinueFinalMessage,
            Context = ask.TemplateContext,
        });
    }

    /// <summary>Special tokens that belong to calls.</summary>
    private int[] Marks() =>
        [.. new[] { "[TOOL_CALLS]", "<tool_call>", "</tool_call>" }.Select(Tokenizer.IdOf).OfType<int>().Where(Tokenizer.IsSpecial)];
}
