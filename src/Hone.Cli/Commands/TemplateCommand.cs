using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Models.Templates;
using Hone.Models.Tokenizers;

namespace Hone.Cli.Commands;

[CliCommand("template", "Render conversations with a chat template.")]
internal sealed class TemplateCommand : CliCommand
{
    private readonly Option<string?> model = CliOptions.Text("--model", "Where the template and its special tokens come from: a model folder, a .gguf file or a pulled org/name.", "MODEL");

    private readonly Option<string?> template = CliOptions.Text("--template", "A file with a Jinja template, in place of the model's own.", "FILE");

    private readonly Option<string?> now = CliOptions.Text("--now", "The time strftime_now sees, e.g. 2026-03-09T14:05:07. Default: the clock.", "TIME");

    private readonly Option<string?> data = CliOptions.Text("--data", "JSON Lines: rows with messages, or with template and context.", "FILE", isRequired: true);

    public override IEnumerable<Symbol> Symbols => [model, template, now, data];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.OnError;

    public override string Details =>
        """
        A row has messages and, where wanted, tools, documents, add_generation_prompt, continue_final_message, context
        (further names for the template) and template (in place of the one above). A row with only template and context is
        rendered as plain Jinja. Each row becomes {"text":"..."}, or {"error":"..."} where the template fails, with its id
        in front where it has one. Without --out the rows are printed.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("template --model models/smollm2 --data chats.jsonl --out texts.jsonl", "the model's own template"),
        new("template --template chatml.jinja --now 2026-03-09T14:05:07 --data chats.jsonl", "a template from a file, at a fixed time"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        TemplateRows rows = new(run.Get(model), run.Get(template), ParseTime(run.Get(now)));
        int done = 0, failed = 0;
        IEnumerable<JsonNode> results = Jsonl.Read(run.Get(data)!, run.OnError, error => run.Reporter.Warn(error.Message)).SelectMany(IEnumerable<JsonNode> (row) =>
        {
            run.Cancellation.ThrowIfCancellationRequested();
            if (Render(run, rows, row) is not { } result) return [];
            done++;
            if (result.ContainsKey("error")) failed++;
            return [result];
        });
        if (run.Out is { } path) Jsonl.Write(path, results);
        else
            foreach (JsonNode row in results)
                if (!run.IsJson) run.Output.WriteLine(row.ToJsonString(Jsonl.Compact));
        if (run.IsJson) run.WriteJson(new JsonObject { ["rows"] = done, ["errors"] = failed });
        else run.Reporter.Line($"{done} rows, {failed} of them errors{(run.Out is null ? "" : $", written to {run.Out}")}.");
        return Task.FromResult(CliApp.Done);
    }

    private static JsonObject? Render(CommandRun run, TemplateRows rows, Row row)
    {
        try
        {
            return rows.Render(row);
        }
        catch (HoneException error) when (run.OnError == OnError.Skip)
        {
            run.Reporter.Warn(error.Message);
            return null;
        }
    }

    private static DateTime? ParseTime(string? text)
    {
        if (text is null) return null;
        return DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time) ? time
            : throw new HoneException($"--now: '{text}' is not a time. Write it like 2026-03-09T14:05:07.");
    }
}

/// <summary>Renders rows, each with the template it asks for.</summary>
internal sealed class TemplateRows
{
    private readonly Dictionary<string, ConversationRenderer> parsed = new(StringComparer.Ordinal);
    private readonly IReadOnlyDictionary<string, string> specialTokens;
    private readonly ConversationRenderer? common;
    private readonly TemplateOptions options;

    public TemplateRows(string? model, string? templateFile, DateTime? now)
    {
        options = new TemplateOptions { Now = now };
        Tokenizer? tokenizer = model is null ? null : Tokenizer.Load(model);
        specialTokens = tokenizer is null ? new Dictionary<string, string>() : ConversationRenderer.SpecialTokensOf(tokenizer);
        if (templateFile is not null) common = Parse(ReadFile(templateFile));
        else if (tokenizer is not null)
            common = ConversationRenderer.TryFor(tokenizer, options) ?? throw new HoneException($"{model}: the model has no chat template. Give one with --template FILE.");
    }

    /// <summary>The text of a row, or what is wrong with it.</summary>
    /// <exception cref="HoneException">The row says neither messages nor template, or says them in the wrong form.</exception>
    public JsonObject Render(Row row)
    {
        JsonObject result = row.Fields.ContainsKey("id") ? new() { ["id"] = row.Id } : [];
        if (!row.Has("messages") && !row.Has("template")) throw row.Error("expected 'messages', or 'template' and 'context'");
        if (!row.Has("template") && common is null) throw row.Error("has no template of its own. Give --model or --template");
        Conversation? conversation = row.Has("messages") ? Read(row) : null;
        JsonObject context = ReadAs<JsonObject>(row, "context") ?? [];
        try
        {
            ConversationRenderer renderer = row.OptionalText("template") is { } own ? Parse(own) : common!;
            result["text"] = conversation is null ? renderer.Template.Render(context, options) : renderer.Render(conversation);
        }
        catch (HoneException error)
        {
            result["error"] = error.Message;
        }
        return result;
    }

    private ConversationRenderer Parse(string text)
    {
        if (!parsed.TryGetValue(text, out ConversationRenderer? renderer))
            parsed[text] = renderer = new ConversationRenderer(ChatTemplate.Parse(text), specialTokens, options);
        return renderer;
    }

    private static string ReadFile(string path) => File.Exists(path) ? File.ReadAllText(path)
        : throw new HoneException($"{path}: no such file. Give the path of a Jinja template.");

    private static Conversation Read(Row row) => new(ReadAs<JsonArray>(row, "messages")!)
    {
        Tools = ReadAs<JsonArray>(row, "tools"),
        Documents = ReadAs<JsonArray>(row, "documents"),
        AddGenerationPrompt = Flag(row, "add_generation_prompt"),
        ContinueFinalMessage = Flag(row, "continue_final_message"),
        Context = ReadAs<JsonObject>(row, "context"),
    };

    private static T? ReadAs<T>(Row row, string field) where T : JsonNode
    {
        if (!row.Has(field)) return null;
        return row.Fields[field] as T ?? throw row.Error($"field '{field}' must be {(typeof(T) == typeof(JsonArray) ? "a list" : "an object")}");
    }

    private static bool Flag(Row row, string field) => row.Has(field) && row.Fields[field]!.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw row.Error($"field '{field}' must be true or false"),
    };
}
