using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Models.Loading;
using Hone.Tensors.Threads;

namespace Hone.Cli.Commands;

[CliCommand("chat", "Talk to a model.")]
internal class ChatCommand : CliCommand
{
    private readonly ModelOptions model = new();
    private readonly Option<string?> system = CliOptions.Text("--system", "System message the conversation begins with.");
    private readonly SamplingFlags sampling = new();
    private readonly Option<int> maxTokens = CliOptions.Number("--max-tokens", "Most tokens of an answer.", 512, 1, int.MaxValue);
    private readonly KvFlags kv = new();

    public override IEnumerable<Symbol> Symbols => [.. model.All, system, .. sampling.All, maxTokens, .. kv.All];

    public override SharedOptions Shared => SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.Threads;

    public override string Details =>
        """
        Answers appear as they are written. /reset forgets the conversation, /exit or the end of the input leaves. When the
        input is not a terminal, all of it is one message: the answer is printed and the command ends. Sampling settings
        that are not given are the model's own, which means greedy where it names none. A model without a chat template
        gets each message on its own, as a question on a line.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("chat --model model.gguf", "talk at the terminal"),
        new("chat --model model.gguf --system \"Answer in one sentence.\" --temperature 0.7", "with a system message, sampled"),
        new("chat --model org/name --adapter runs/lora/adapter", "with a LoRA adapter on"),
    ];

    /// <summary>What the user types; tests bring their own.</summary>
    protected virtual TextReader Input => Console.In;

    /// <summary>Whether somebody sits there.</summary>
    protected virtual bool IsInteractive => !Console.IsInputRedirected;

    public override Task<int> RunAsync(CommandRun run)
    {
        using WorkerPool workers = new(run.Threads);
        LoadedModel loaded = model.Load(run, workers);
        Conversation talk = new(this, run, new TextModel(loaded, workers, kv.Factory(run, loaded.Model, workers)));
        if (IsInteractive) Converse(run, talk);
        else if (Input.ReadToEnd().Trim() is { Length: > 0 } message) talk.Answer(message);
        else throw new HoneException("the input is empty. Give a message, such as: echo \"What is a tensor?\" | hone chat --model model.gguf");
        return Task.FromResult(CliApp.Done);
    }

    private void Converse(CommandRun run, Conversation talk)
    {
        run.Reporter.Line("/reset forgets the conversation, /exit leaves.");
        while (true)
        {
            run.Output.Write("> ");
            run.Output.Flush();
            string? line = Input.ReadLine()?.Trim();
            if (line is null or "/exit" or "/quit") return;
            if (line == "/reset") talk.Reset();
            else if (line.StartsWith('/')) run.Reporter.Line($"'{line}' is not a command. Known: /reset, /exit.");
            else if (line.Length > 0) talk.Answer(line);
        }
    }

    /// <summary>The turns so far and how the next answer is made.</summary>
    private sealed class Conversation
    {
        private readonly ChatCommand command;
        private readonly CommandRun run;
        private readonly TextModel model;
        private readonly JsonArray messages = [];
        private long answers;

        public Conversation(ChatCommand command, CommandRun run, TextModel model)
        {
            (this.command, this.run, this.model) = (command, run, model);
            if (!model.Text.HasTemplate && run.Get(command.system) is not null)
                throw new HoneException($"{command.model.Name(run)}: the model has no chat template, so it cannot be given a system message.");
            if (!model.Text.HasTemplate) run.Reporter.Line("The model has no chat template: each message stands on its own.");
            Reset();
        }

        public void Reset()
        {
            messages.Clear();
            if (run.Get(command.system) is { } text) messages.Add(Message("system", text));
        }

        public void Answer(string question)
        {
            messages.Add(Message("user", question));
            int[] prompt = model.Text.HasTemplate ? model.Text.Prompt(messages) : model.Text.Prompt(question);
            Stopwatch clock = Stopwatch.StartNew();
            StringBuilder answer = new();
            (int tokens, double first) = (0, 0);
            foreach (TokenEvent token in model.Engine.Stream(Request(prompt)))
            {
                run.Cancellation.ThrowIfCancellationRequested();
                if (tokens++ == 0) first = clock.Elapsed.TotalSeconds;
                answer.Append(token.Text);
                run.Output.Write(token.Text);
                run.Output.Flush();
            }
            run.Output.WriteLine();
            double rate = tokens > 1 ? (tokens - 1) / (clock.Elapsed.TotalSeconds - first) : 0;
            run.Reporter.Line($"[{prompt.Length} tokens read, first answer token after {first:0.00} s; {tokens} tokens written, {rate:0.0} tokens/s]");
            messages.Add(Message("assistant", answer.ToString()));
        }

        private GenerationRequest Request(int[] prompt) => new()
        {
            Prompt = prompt,
            Sampling = command.sampling.Read(run, SamplingDefaults.Of(model.Loaded.Generation)),
            MaxTokens = run.Get(command.maxTokens),
            Seed = unchecked((long)new RandomStream(run.Seed, "chat").Derive(answers++).NextUInt64()),
        };

        private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
    }
}
