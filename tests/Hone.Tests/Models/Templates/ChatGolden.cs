using System.Text.Json.Nodes;
using Hone.Models.Templates;

namespace Hone.Tests.Models.Templates;

/// <summary>The conversations and templates of the shared chat goldens.</summary>
internal sealed class ChatGolden
{
    private readonly string folder;
    private readonly JsonObject inputs;
    private readonly Dictionary<string, ConversationRenderer> renderers = [];

    public ChatGolden(string folder)
    {
        this.folder = folder;
        inputs = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "inputs.json")))!.AsObject();
        TemplateOptions options = new() { Now = DateTime.Parse((string)inputs["now"]!) };
        foreach (JsonNode? entry in JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "templates.json")))!.AsArray())
        {
            string name = (string)entry!["name"]!;
            Dictionary<string, string> special = entry["special_tokens"]!.AsObject().ToDictionary(t => t.Key, t => (string)t.Value!);
            string text = File.ReadAllText(Path.Combine(folder, "templates", name + ".jinja"));
            renderers[name] = new ConversationRenderer(ChatTemplate.Parse(text), special, options);
        }
    }

    public IReadOnlyDictionary<string, ConversationRenderer> Renderers => renderers;

    public List<JsonObject> Rows(string file) => [.. File.ReadLines(Path.Combine(folder, file)).Select(line => JsonNode.Parse(line)!.AsObject())];

    public Conversation Conversation(JsonObject row)
    {
        JsonObject kwargs = row["kwargs"]!.AsObject();
        Conversation conversation = new(inputs["conversations"]![(string)row["conversation"]!]!.AsArray());
        JsonObject context = [];
        foreach ((string name, JsonNode? value) in kwargs)
        {
            bool on = (bool)value!;
            switch (name)
            {
                case "add_generation_prompt": conversation = conversation with { AddGenerationPrompt = on }; break;
                case "continue_final_message": conversation = conversation with { ContinueFinalMessage = on }; break;
                case "tools": conversation = conversation with { Tools = on ? inputs["tools"]!.AsArray() : null }; break;
                case "documents": conversation = conversation with { Documents = on ? inputs["documents"]!.AsArray() : null }; break;
                default: context[name] = on; break;
            }
        }
        return conversation with { Context = context };
    }
}
