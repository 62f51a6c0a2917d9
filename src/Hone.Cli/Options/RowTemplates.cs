using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Models.Templates;
using Hone.Models.Tokenizers;

namespace Hone.Cli.Options;

/// <summary>Renders rows: each with its own template, the one given, or the model's.</summary>
/// <param name="tokenizer">Gives template and special tokens; null for none.</param>
/// <param name="given">Template that comes before the model's; null for none.</param>
/// <param name="options">Clock.</param>
internal sealed class RowTemplates(Tokenizer? tokenizer, string? given, TemplateOptions options)
{
    private readonly Dictionary<string, ConversationRenderer> renderers = new(StringComparer.Ordinal);

    /// <summary><c>{"text"}</c>, or <c>{"error"}</c> when the template fails or refuses the row.</summary>
    /// <exception cref="HoneException">The row has neither messages nor a template with its context, or a field of a wrong kind.</exception>
    public JsonObject Render(Row row)
    {
        bool isConversation = row.Has("messages");
        Conversation? conversation = isConversation ? Conversation(row) : null;
        JsonObject context = Of<JsonObject>(row, "context", "an object") ?? [];
        string source = TemplateOf(row);
        JsonObject result = RowOutput.Begin(row);
        try
        {
            ConversationRenderer renderer = Renderer(source);
            result["text"] = conversation is not null ? renderer.Render(conversation) : renderer.Template.Render(context, options);
        }
        catch (HoneException error)
        {
            result["error"] = error.Message;
        }
        return result;
    }

    private static Conversation Conversation(Row row) => new(Of<JsonArray>(row, "messages", "a list")!)
    {
        Tools = Of<JsonArray>(row, "tools", "a list"),
        Documents = Of<JsonArray>(row, "documents", "a list"),
        AddGenerationPrompt = Flag(row, "add_generation_prompt"),
        ContinueFinalMessage = Flag(row, "continue_final_message"),
        Context = Of<JsonObject>(row, "context", "an object"),
    };

    private string TemplateOf(Row row)
    {
        if (row.Has("template")) return row.Text("template");
        if (!row.Has("messages")) throw row.Error($"expected messages, or template and context. Fields here: {string.Join(", ", row.Fields.Select(f => f.Key))}.");
        if (given is not null) return given;
        if (row.Has("tools") && tokenizer?.Names.NamedChatTemplates.GetValueOrDefault("tool_use") is { } tools) return tools;
        return tokenizer?.ChatTemplate ?? throw row.Error(tokenizer is null
            ? "the row has no template. Give one with --template, or a model with --model."
            : "the model has no chat template. Give one with --template.");
    }

    private ConversationRenderer Renderer(string source)
    {
        if (renderers.TryGetValue(source, out ConversationRenderer? known)) return known;
        if (renderers.Count >= 64) renderers.Clear(); // rows that each bring another template
        return renderers[source] = new ConversationRenderer(ChatTemplate.Parse(source), tokenizer?.Names.ByVariable(), options);
    }

    private static T? Of<T>(Row row, string field, string expected) where T : JsonNode =>
        !row.Has(field) ? null : row.Fields[field] as T ?? throw row.Error($"field '{field}' must be {expected}.");

    private static bool Flag(Row row, string field) => row.Has(field) && row.Fields[field]!.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw row.Error($"field '{field}' must be true or false."),
    };
}
