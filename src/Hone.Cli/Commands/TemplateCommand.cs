using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Models.Templates;
using Hone.Models.Tokenizers;

namespace Hone.Cli.Commands;

[CliCommand("template", "Render conversations with a chat template, as transformers does.")]
internal sealed class TemplateCommand : CliCommand
{
    private readonly Option<string?> model = CliOptions.Text("--model", "Model whose chat template and special tokens are used. Only its tokenizer is read.", "MODEL");
    private readonly Option<string?> template = CliOptions.Text("--template", "File with a Jinja template, used in place of the model's.", "FILE");
    private readonly Option<DateTime?> now = new("--now")
    {
        Description = "Time that strftime_now sees, as in 2026-03-09T14:05:07 [default: the clock].",
        HelpName = "TIME",
        CustomParser = ParseTime,
    };

    private readonly Option<string?> data = CliOptions.Text("--data", "JSON Lines with messages, or with template and context.", "FILE", isRequired: true);

    public override IEnumerable<Symbol> Symbols => [model, template, now, data];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.OnError;

    public override string Details =>
        """
        Each row becomes {"text":"..."}, or {"error":"..."} when the template refuses it or fails, with line and column. A
        row holds messages, and maybe tools, documents, add_generation_prompt, continue_final_message, a context of further
        names, and a template of its own; or just a template and a context. A model that has a template named tool_use
        gets it for rows with tools.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("template --model model.gguf --data chats.jsonl --out texts.jsonl", "the model's own template"),
        new("template --template chat.jinja --now 2026-03-09T14:05:07 --data chats.jsonl", "a template from a file, at a fixed time, printed"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        RowTemplates templates = new(
            run.Get(model) is { } name ? Tokenizer.Load(ModelArgument.Locate(name)) : null,
            run.Get(template) is { } file ? ReadTemplate(file) : null,
            new TemplateOptions { Now = run.Get(now) });
        int rows = 0, errors = 0;
        RowOutput.Write(run, Results());
        if (run.IsJson) run.WriteJson(new JsonObject { ["rows"] = rows, ["errors"] = errors, ["out"] = run.Out });
        else run.Reporter.Line($"{rows} rows, {errors} with errors{(run.Out is null ? "" : $", written to {run.Out}")}.");
        return Task.FromResult(CliApp.Done);

        IEnumerable<JsonNode> Results()
        {
            using IProgressTask progress = run.Reporter.Start("rendering", 0, "rows");
            foreach (Row row in Jsonl.Read(run.Get(data)!, run.OnError, error => run.Reporter.Warn($"left out: {error.Message}")))
            {
                run.Cancellation.ThrowIfCancellationRequested();
                JsonObject result = templates.Render(row);
                rows++;
                if (result.ContainsKey("error")) errors++;
                progress.Advance(1);
                yield return result;
            }
        }
    }

    private static string ReadTemplate(string file) => File.Exists(file) ? File.ReadAllText(file)
        : throw new HoneException($"{file}: no such file. Give a file with a Jinja template.");

    private static DateTime? ParseTime(System.CommandLine.Parsing.ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (DateTime.TryParseExact(text, ["yyyy-MM-ddTHH:mm:ss", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm", "yyyy-MM-dd"], CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time)) return time;
        result.AddError($"--now: '{text}' is not a time. Expected it as in 2026-03-09T14:05:07");
        return null;
    }
}
