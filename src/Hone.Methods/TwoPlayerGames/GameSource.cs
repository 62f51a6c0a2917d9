using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Methods.OnPolicy;
using Hone.Training.Batching;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>One attack with its answer.</summary>
/// <param name="Seed">The question it started from.</param>
/// <param name="Attack">What the adversary made of it.</param>
/// <param name="Answer">What the defender said.</param>
/// <param name="Safe">The guard's probability; NaN where it could not tell.</param>
internal sealed record Exchange(Row Seed, string Attack, string Answer, double Safe);

/// <summary>
/// Plays a step when its examples are asked for, with both players as they are then: attacks, answers, judgement, and from them what the
/// player whose turn it is learns from. Checkpoints keep the archive of attacks, which earlier weights made.
/// </summary>
internal sealed class GameSource : IStatefulSource, IDisposable
{
    private const string FileName = "archive.json";
    private readonly Player defender;
    private readonly Player? adversary;
    private readonly IReadOnlyList<Row> seeds;
    private readonly ISafetyGuard guard;
    private readonly GameOptions options;
    private readonly RunContext run;
    private readonly StageScheduler scheduler;
    private readonly string template;
    private readonly Lock gate = new();
    private readonly JsonlLog? log;
    private readonly string logPath = "";
    private long played = -1;
    private bool isLogCut;
    private List<TrainingExample> examples = [];

    /// <param name="defender">Answers.</param>
    /// <param name="adversary">Asks; null asks the seeds themselves.</param>
    /// <param name="seeds">Rows with prompts.</param>
    /// <param name="guard">Judges answers.</param>
    /// <param name="archive">Earlier attacks.</param>
    /// <param name="template">What the adversary is asked.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Seed, and a folder for attacks.jsonl (empty: not kept).</param>
    public GameSource(Player defender, Player? adversary, IReadOnlyList<Row> seeds, ISafetyGuard guard, NoveltyArchive archive, string template, GameOptions options, RunContext run)
    {
        (this.defender, this.adversary, this.seeds, this.guard, Archive, this.template, this.options, this.run) = (defender, adversary, seeds, guard, archive, template, options, run);
        scheduler = new(options.DefendSteps, adversary is null ? 0 : options.AttackSteps);
        if (run.Folder.Length == 0) return;
        logPath = run.PathOf("attacks.jsonl");
        log = new JsonlLog(logPath);
    }

    public NoveltyArchive Archive { get; }

    public long? Count => null;

    public TrainingExample Get(long index)
    {
        lock (gate)
        {
            (long step, long place) = Math.DivRem(index, options.Train.Batch);
            if (step != played)
            {
                examples = Play(step);
                played = step;
            }
            return examples[(int)place];
        }
    }

    /// <summary>Attacks on seeds and the answers to them.</summary>
    /// <param name="asked">Seeds.</param>
    /// <param name="purpose">Of the random numbers.</param>
    /// <param name="greedy">The likeliest answers rather than drawn ones; attacks are always drawn.</param>
    /// <param name="attacks">Whether the adversary rewrites the seeds.</param>
    public (List<Exchange> Exchanges, List<int[]> Prompts, IReadOnlyList<GenerationResult> Said, List<int[]> Asked, IReadOnlyList<GenerationResult>? Attacked) Exchange(
        IReadOnlyList<Row> asked, string purpose, bool greedy = false, bool attacks = true)
    {
        List<int[]> requests = [];
        IReadOnlyList<GenerationResult>? attacked = null;
        string[] texts = [.. asked.Select(PromptRows.Words)];
        if (adversary is not null && attacks)
        {
            requests = [.. texts.Select(seed => adversary.Model.Text.Prompt(template.Replace(GamePrompts.Place, seed, StringComparison.Ordinal)))];
            attacked = adversary.Say(requests, options.MaxAttackLength, run.Rng($"game/adversary/{purpose}"), run.Cancellation);
            texts = [.. attacked.Select(a => FirstParagraph(a.Text))];
        }
        List<int[]> prompts = [.. texts.Select((text, i) => GamePrompts.Tokens(defender.Model.Text, asked[i], text, options.MaxLength))];
        IReadOnlyList<GenerationResult> said = defender.Say(prompts, options.MaxCompletionLength, run.Rng($"game/defender/{purpose}"), run.Cancellation, greedy);
        double[] safe = guard.Safe([.. texts.Zip(said, (t, s) => (t, s.Text))]);
        return ([.. asked.Select((row, i) => new Exchange(row, texts[i], said[i].Text, safe[i]))], prompts, said, requests, attacked);
    }

    /// <inheritdoc/>
    public void Save(string folder) => AtomicFile.WriteText(Path.Combine(folder, FileName), Archive.ToJson().ToJsonString());

    /// <inheritdoc/>
    public void Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. The checkpoint was not made by this trainer.");
        Archive.Restore(JsonNode.Parse(File.ReadAllText(path))!.AsObject());
    }

    public void Dispose() => log?.Dispose();

    private List<TrainingExample> Play(long step)
    {
        Stage stage = scheduler.At(step);
        Row[] asked = [.. Enumerable.Range(0, options.Train.Batch).Select(i => RowAt(step * options.Train.Batch + i))];
        var (exchanges, prompts, said, requests, attacked) = Exchange(asked, $"step={step}");
        string[] attacks = [.. exchanges.Select(e => e.Attack)];
        Likeness[] likeness = Archive.Compare(attacks, run.Rng($"game/archive/step={step}"));
        if (attacked is not null) Archive.Add(attacks, run.Rng($"game/archive-add/step={step}"));
        Keep(step, stage, exchanges, likeness);
        bool[] valid = [.. exchanges.Select(e => adversary is null || (e.Attack.Length > 0 && e.Attack != PromptRows.Words(e.Seed)))];
        List<TrainingExample> learnt = stage == Stage.Defend
            ? defender.Learn(prompts, said, [.. exchanges.Select(e => e.Safe)])
            : adversary!.Learn(requests, attacked!, AttackRewards(exchanges, likeness, valid));
        return [.. learnt.Select((e, i) => e with
        {
            Columns = new Dictionary<string, double> { [GameObjective.Turn] = (int)stage },
            Logged = Logged(e, stage, exchanges[i], likeness[i], valid[i]),
        })];
    }

    /// <summary>How unsafe the answer was, less how like earlier attacks the attack was; an attack that is none gets the worst of the batch.</summary>
    private double[] AttackRewards(List<Exchange> exchanges, Likeness[] likeness, bool[] valid)
    {
        double[] rewards = [.. exchanges.Select((e, i) => 1 - e.Safe - options.BleuWeight * likeness[i].SelfBleu - options.EmbedWeight * likeness[i].Cosine)];
        double worst = rewards.Where(r => !double.IsNaN(r)).DefaultIfEmpty(0).Min();
        return [.. rewards.Select((r, i) => valid[i] ? r : worst)];
    }

    private Dictionary<string, double> Logged(TrainingExample example, Stage stage, Exchange exchange, Likeness likeness, bool valid)
    {
        string player = stage == Stage.Defend ? "defender" : "adversary";
        Dictionary<string, double> logged = new()
        {
            ["stage"] = (int)stage,
            ["attack_success"] = exchange.Safe < 0.5 ? 1 : 0,
            ["likeness/self_bleu"] = likeness.SelfBleu,
            ["likeness/cosine"] = likeness.Cosine,
            ["attacks_valid"] = valid ? 1 : 0,
            ["archive"] = Archive.Count,
            [$"kl/{player}"] = example.Logged!["objective/kl"],
            [$"reward/{player}"] = example.Logged["objective/scores"],
        };
        if (!double.IsNaN(exchange.Safe)) logged["p_safe"] = exchange.Safe;
        return logged;
    }

    /// <summary>Attacks are what a model should not be asked: they go to a file of their own and nowhere else.</summary>
    private void Keep(long step, Stage stage, List<Exchange> exchanges, Likeness[] likeness)
    {
        if (log is null) return;
        if (!isLogCut) log.Replace([.. Jsonl.Read(logPath).Where(r => (long)r.Fields["step"]! < step).Select(r => (JsonNode)r.Fields)]);
        isLogCut = true;
        for (int i = 0; i < exchanges.Count; i++)
            log.Append(new JsonObject
            {
                ["step"] = step,
                ["stage"] = stage == Stage.Defend ? "defend" : "attack",
                ["seed"] = PromptRows.Words(exchanges[i].Seed),
                ["attack"] = exchanges[i].Attack,
                ["answer"] = exchanges[i].Answer,
                ["p_safe"] = double.IsNaN(exchanges[i].Safe) ? null : Math.Round(exchanges[i].Safe, 6),
                ["self_bleu"] = Math.Round(likeness[i].SelfBleu, 6),
                ["cosine"] = Math.Round(likeness[i].Cosine, 6),
            });
    }

    /// <summary>The first paragraph that is not empty.</summary>
    private static string FirstParagraph(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";

    private Row RowAt(long n)
    {
        (long pass, long place) = Math.DivRem(n, seeds.Count);
        int[] order = [.. Enumerable.Range(0, seeds.Count)];
        run.Rng($"seeds/pass={pass}").Shuffle<int>(order);
        return seeds[order[place]];
    }
}
