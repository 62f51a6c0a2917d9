using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Models.Loading;
using Hone.Models.Templates;

namespace Hone.Cli.Options;

/// <summary>What a model is to continue: <c>--prompt</c>, <c>--ids</c> or <c>--messages</c>, exactly one of them.</summary>
internal sealed class PromptOptions
{
    private const long MaxFileBytes = 64 << 20;

    private readonly Option<string?> prompt = CliOptions.Text("--prompt", "Text to continue, taken as it is: no chat template is put around it.");
    private readonly Option<string?> ids = CliOptions.Text("--ids", "Token ids to continue, such as 1,2,3. Needs no tokenizer.", "1,2,3");
    private readonly Option<string?> messages = CliOptions.Text("--messages", "JSON file with a conversation to answer: a list of {role, content}, or an object with messages and tools.", "FILE");

    public IEnumerable<Option> All => [prompt, ids, messages];

    /// <summary>The prompt's token ids.</summary>
    /// <exception cref="HoneException">None or several of the options, or what they hold is malformed.</exception>
    public int[] Read(CommandRun run, LoadedModel loaded)
    {
        Option[] given = [.. All.Where(run.IsGiven)];
        if (given.Length != 1)
            throw new HoneException($"give one of --prompt, --ids and --messages{(given.Length == 0 ? "" : $"; found {string.Join(" and ", given.Select(o => o.Name))}")}.");
        if (run.Get(ids) is { } list) return ParseIds(list);
        if (run.Get(prompt) is { } text) return loaded.RequireTokenizer().Encode(text);
        string path = run.Get(messages)!;
        Conversation conversation = ReadConversation(path);
        ConversationRenderer renderer = loaded.RequireRenderer();
        try
        {
            return loaded.RequireTokenizer().Encode(renderer.Render(conversation), addSpecialTokens: false);
        }
        catch (HoneException error)
        {
            throw new HoneException($"{path}: {error.Message}", error);
        }
    }

    private static int[] ParseIds(string list)
    {
        string[] parts = list.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return [.. parts.Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id
            : throw new HoneException($"--ids: '{part}' is not a token id. Expected whole numbers with commas between, such as 1,2,3."))];
    }

    private static Conversation ReadConversation(string path)
    {
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. Give a JSON file with a list of messages.");
        JsonNode? node = JsonFile.Read(path, MaxFileBytes);
        JsonArray? list = node as JsonArray ?? (node as JsonObject)?["messages"] as JsonArray;
        if (list is not { Count: > 0 }) throw new HoneException($"{path}: expected a list of messages {{\"role\", \"content\"}}, or an object with such a list under 'messages'.");
        return new Conversation(list) { AddGenerationPrompt = true, Tools = (node as JsonObject)?["tools"] as JsonArray };
    }
}
