using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hone.Core;
using Hone.Evaluation.Checkers;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Methods.Supervised;
using Hone.Methods.Tokens;

namespace Hone.Methods.Rise;

/// <summary>
/// From questions to pairs: solutions are sampled, one right and one wrong one kept, and steps of the right one spoilt by the injector. Xu et
/// al., "Subtle Errors in Reasoning", arXiv:2410.06638. Every question is a line of the log, so a stopped run goes on.
/// </summary>
/// <param name="model">The policy.</param>
/// <param name="checker">Judges solutions.</param>
/// <param name="injector">Puts the errors in.</param>
/// <param name="options">Settings.</param>
/// <param name="run">Seed, reporter, cancellation.</param>
public sealed partial class RiseBuilder(TextModel model, IChecker checker, IErrorInjector injector, RiseOptions options, RunContext run)
{
    private const int Chunk = 32;
    private readonly EditWording wording = options.Wording ?? EditPrompt.For(model);
    private readonly string settings = Fingerprint.Of((object?[])
    [
        run.Seed, model.Loaded.Path, options.NumGenerations, options.Temperature, options.TopP, options.MaxCompletionLength, options.Edits, options.EditDistanceFilter,
        options.MaxEditDistance, options.Injector, options.Wording, options.SplitBy, options.Check, options.Pairs,
    ]);

    /// <summary>Counts by what happened: questions kept and skipped, edits kept and dropped, with reasons.</summary>
    public SortedDictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

    /// <summary>Pairs of all questions, in order.</summary>
    /// <param name="rows">Task rows.</param>
    /// <param name="log">File of finished questions, continued where it exists; null for none.</param>
    /// <param name="enough">Stop when there are so many pairs; 0 for all.</param>
    public IReadOnlyList<RisePair> Build(IReadOnlyList<Row> rows, string? log, int enough = 0)
    {
        Dictionary<string, JsonObject> done = log is not null && File.Exists(log) ? Finished(log) : [];
        using JsonlLog? file = log is null ? null : new JsonlLog(log);
        List<RisePair> pairs = [];
        using IProgressTask progress = run.Reporter.Start("pairs", rows.Count, "questions");
        foreach (int[] chunk in Enumerable.Range(0, rows.Count).Chunk(Chunk))
        {
            Question[] open = [.. chunk.Select(i => new Question($"{i}/{settings}/{rows[i].Id}", i, rows[i]))];
            Question[] missing = [.. open.Where(q => !done.ContainsKey(q.Key))];
            Sample(missing);
            Edit(missing);
            foreach (Question question in open)
            {
                JsonObject line = done.TryGetValue(question.Key, out JsonObject? stored) ? stored : question.ToJson();
                if (stored is null) file?.Append(line);
                foreach ((string name, JsonNode? count) in line["counts"]!.AsObject()) Counts[name] = Counts.GetValueOrDefault(name) + (int)count!;
                pairs.AddRange(line["pairs"]!.AsArray().Select(p => RisePair.Of(new Row(question.Row.Id, p!.AsObject(), log ?? question.Row.Source))));
            }
            progress.Advance(chunk.Length, $"{pairs.Count} pairs");
            if (enough > 0 && pairs.Count >= enough) break;
        }
        return pairs;
    }

    /// <summary>Questions done under any settings, by keys that name the settings.</summary>
    private static Dictionary<string, JsonObject> Finished(string log)
    {
        Dictionary<string, JsonObject> done = [];
        foreach (Row row in Jsonl.Read(log, OnError.Skip))
            if (row.OptionalText("question_key") is { } key && row.Fields["pairs"] is JsonArray && row.Fields["counts"] is JsonObject) done[key] = row.Fields;
        return done;
    }

    /// <summary>What a question is asked as: with the sentence that asks for steps, where the model follows sentences.</summary>
    private string PromptOf(Row row) => wording == EditWording.Short ? row.Text("question") : row.Text("question") + "\nPlease reason step by step, and put your final answer within \\boxed{}.";

    private string Opener => wording == EditWording.Short ? "" : "Let's think step by step.\nStep 1:";

    /// <summary>Samples solutions and picks one right and one wrong one of each question that has both.</summary>
    private void Sample(Question[] questions)
    {
        if (questions.Length == 0) return;
        RandomStream seeds = run.Rng("rise/sample");
        IReadOnlyList<GenerationResult> results = model.Engine.Generate([.. questions.Select(q => new GenerationRequest
        {
            Prompt = model.Text.Prompt(PromptOf(q.Row), Opener), Samples = options.NumGenerations, MaxTokens = options.MaxCompletionLength,
            Sampling = new SamplingOptions { Temperature = options.Temperature, TopP = options.TopP }, StopIds = model.Text.EndIds, Seed = unchecked((long)seeds.Derive(q.Index).NextUInt64()),
        })], cancellation: run.Cancellation);
        foreach (IGrouping<int, GenerationResult> samples in results.GroupBy(r => r.Request))
        {
            Question question = questions[samples.Key];
            List<string> right = [], wrong = [];
            foreach (GenerationResult sample in samples.OrderBy(s => s.Sample))
            {
                string text = Opener + sample.Text;
                bool passes = checker.Check(question.Row, text).Passes;
                if (passes && sample.Finish == FinishReason.Length) question.Count("right solutions that were cut off"); // its last number may be any of its steps'
                else if (!passes) wrong.Add(text);
                else if (CueFilter.Find(text, question.Row.Text("question")) is null) right.Add(text);
                else question.Count("right solutions that speak of an error");
            }
            if (right.Count == 0 || wrong.Count == 0)
            {
                question.Count(right.Count == 0 ? "questions without a right solution" : "questions without a wrong solution");
                continue;
            }
            RandomStream pick = run.Rng("rise/pick").Derive(question.Index);
            question.Right = pick.Choose(right);
            if (options.Pairs != PairKinds.Edit) question.Pairs.Add(new(PromptOf(question.Row), "", question.Right, pick.Choose(wrong)));
            question.Count("questions used");
        }
    }

    /// <summary>One step of each question at a time, in random order, until it has enough edited ones.</summary>
    private void Edit(Question[] questions)
    {
        if (options.Pairs == PairKinds.Full || options.Edits == 0) return;
        foreach (Question question in questions.Where(q => q.Right is not null))
        {
            StepSpan[] order = [.. StepSplitter.Split(question.Right!, options.SplitBy)];
            if (order.Length == 0) question.Count("right solutions without steps");
            run.Rng("rise/steps").Derive(question.Index).Shuffle<StepSpan>(order);
            question.Steps = new(order);
        }
        while (true)
        {
            Question[] asking = [.. questions.Where(q => q.Steps.Count > 0 && q.Pairs.Count(p => p.IsEdit) < options.Edits)];
            if (asking.Length == 0) return;
            (StepSpan Step, StepSpan Focus, InjectionRequest Request)[] requests = [.. asking.Select(Request)];
            IReadOnlyList<Injection> edits = injector.Inject([.. requests.Select(r => r.Request)], run.Cancellation);
            for (int i = 0; i < asking.Length; i++) Take(asking[i], requests[i].Step, requests[i].Focus, requests[i].Request.Type, edits[i]);
        }
    }

    private (StepSpan Step, StepSpan Focus, InjectionRequest Request) Request(Question question)
    {
        StepSpan step = question.Steps.Dequeue();
        string text = question.Right!.Substring(step.Start, step.Length);
        StepSpan focus = StepSplitter.Focus(text);
        RandomStream random = run.Rng("rise/edit").Derive(question.Index).Derive(step.Start);
        string offered = text.Substring(focus.Start, focus.Length);
        ErrorType type = random.Choose(ErrorTypes.Admitted(offered));
        return (step, focus, new(question.Row.Text("question"), question.Right[..(step.Start + focus.Start)], offered, type, unchecked((long)random.NextUInt64())));
    }

    /// <summary>Only the recorded span is replaced, wherever else its text may occur (the released code replaces every occurrence).</summary>
    private void Take(Question question, StepSpan step, StepSpan focus, ErrorType type, Injection edit)
    {
        string chosen = question.Right!.Substring(step.Start, step.Length);
        if (edit.Text is null)
        {
            question.Count($"edits dropped: {edit.Reason}");
            return;
        }
        string lead = focus.Start == 0 && chosen.StartsWith(' ') && !edit.Text.StartsWith(' ') ? " " : ""; // the blank behind "Step 2:"
        string rejected = Boxed().Replace(chosen[..focus.Start] + lead + edit.Text + chosen[(focus.Start + focus.Length)..], "$1");
        int[] right = Tokens(chosen), wrong = Tokens(rejected);
        int distance = Levenshtein.Distance<int>(right, wrong), limit = options.MaxEditDistance > 0 ? options.MaxEditDistance : Math.Max(20, (int)Math.Ceiling(0.15 * right.Length));
        string? reason = CueFilter.Find(edit.Text, question.Row.Text("question")) is not null ? "speaks of an error"
            : distance == 0 || rejected == chosen ? "unchanged" : options.EditDistanceFilter && distance >= limit ? "too far from the original" : null;
        question.Count(reason is null ? "edits kept" : $"edits dropped: {reason}");
        if (reason is null) question.Pairs.Add(new(PromptOf(question.Row), question.Right[..step.Start], chosen, rejected, type, distance));
    }

    private int[] Tokens(string text) => model.Tokenizer.Encode(text, addSpecialTokens: false);

    [GeneratedRegex(@"\\boxed\{([^{}]*)\}")]
    private static partial Regex Boxed();

    /// <summary>A question on its way.</summary>
    private sealed class Question(string key, int index, Row row)
    {
        private readonly SortedDictionary<string, int> counts = new(StringComparer.Ordinal);

        public int Index { get; } = index;

        public Row Row { get; } = row;

        public string Key { get; } = key;

        public string? Right { get; set; }

        public Queue<StepSpan> Steps { get; set; } = new();

        public List<RisePair> Pairs { get; } = [];

        public void Count(string name) => counts[name] = counts.GetValueOrDefault(name) + 1;

        public JsonObject ToJson() => new()
        {
            ["question_key"] = Key,
            ["pairs"] = new JsonArray([.. Pairs.Select(p => (JsonNode)p.ToJson())]),
            ["counts"] = new JsonObject(counts.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))),
        };
    }
}
