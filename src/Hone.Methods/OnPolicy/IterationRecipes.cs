using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Inference;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.OnPolicy;

/// <summary>Offline objectives on samples that are drawn anew all the time: online DPO and expert iteration.</summary>
public static class IterationRecipes
{
    /// <summary>Online DPO: pairs of the model's own completions, the better one by reward. Guo et al., arXiv:2402.04792.</summary>
    public static JsonObject OnlineDpo(TextModel model, Dataset data, OnlineDpoRecipeOptions options, RunContext run, bool dryRun, RewardSet? rewards = null)
    {
        using OnPolicyRun trainer = new(model, data, options, run, dryRun, rewards: rewards);
        ReferencePolicy reference = trainer.Reference();
        RoundSource source = trainer.Rounds(round =>
        {
            SampledRound sampled = trainer.Sampler.Sample(round, options.Train.Batch, options.NumGenerations);
            List<TrainingExample> examples = reference.AddTo(sampled.Examples, options.Train.MicroTokens, model.Workers);
            return Pairs(examples, sampled.Rewards.Total, options);
        });
        return trainer.Train(source, new DpoObjective(model.Model, options.Loss, options.Train.Recompute));
    }

    /// <summary>
    /// Expert iteration: completions whose reward reaches the threshold are learnt as if they were given. Anthony et al.,
    /// arXiv:1705.08439; for language models Gulcehre et al., "ReST", arXiv:2308.08998.
    /// </summary>
    public static JsonObject Expert(TextModel model, Dataset data, ExpertRecipeOptions options, RunContext run, bool dryRun, RewardSet? rewards = null)
    {
        using OnPolicyRun trainer = new(model, data, options, run, dryRun, rewards: rewards);
        RoundSource source = trainer.Rounds(round =>
        {
            SampledRound sampled = trainer.Sampler.Sample(round, options.PromptsPerRound, options.NumGenerations);
            return Filled(Kept(sampled, options), sampled, options.RoundExamples, run.Rng($"expert/round={round}"));
        });
        return trainer.Train(source, new SupervisedObjective(model.Model, options.Train.Recompute));
    }

    /// <summary>One pair for each prompt: its best and its worst completion, the first of equals.</summary>
    private static List<TrainingExample> Pairs(List<TrainingExample> examples, double[] rewards, OnlineDpoRecipeOptions options)
    {
        List<TrainingExample> pairs = [], untied = [];
        for (int start = 0; start < examples.Count; start += options.NumGenerations)
        {
            int[] group = [.. Enumerable.Range(start, options.NumGenerations).OrderByDescending(i => double.IsNaN(rewards[i]) ? double.NegativeInfinity : rewards[i])];
            (int best, int worst) = (group[0], group[^1]);
            bool isTied = !(rewards[best] > rewards[worst]);
            // A pair that says nothing: both sides the same, so its loss is that of no preference and its gradient 0.
            TrainingSequence rejected = isTied && options.SkipTies ? examples[best].Sequences[0] : examples[worst].Sequences[0];
            TrainingExample pair = new([examples[best].Sequences[0], rejected]) { Logged = MeanLogged(examples, start, options.NumGenerations) };
            pairs.Add(pair);
            if (!isTied) untied.Add(pair);
        }
        if (!options.SkipTies || untied.Count == 0) return pairs;
        return [.. pairs.Select((p, i) => untied[i % untied.Count] with { Logged = p.Logged })];
    }

    private static Dictionary<string, double> MeanLogged(List<TrainingExample> examples, int start, int count)
    {
        TrainingExample[] group = [.. examples.Skip(start).Take(count)];
        return group.SelectMany(e => e.Logged!).GroupBy(p => p.Key).ToDictionary(g => g.Key, g => g.Average(p => p.Value));
    }

    /// <summary>Good completions, each text of a prompt once and a few of each prompt.</summary>
    private static List<TrainingExample> Kept(SampledRound sampled, ExpertRecipeOptions options)
    {
        List<TrainingExample> kept = [];
        for (int start = 0; start < sampled.Examples.Count; start += options.NumGenerations)
        {
            HashSet<string> seen = [];
            for (int i = start; i < start + options.NumGenerations; i++)
                if (sampled.Rewards.Total[i] >= options.Threshold && seen.Count < options.KeepPerPrompt && seen.Add(sampled.Results[i].Text))
                    kept.Add(sampled.Examples[i] with { Logged = null });
        }
        return kept;
    }

    /// <summary>As many examples as the round's updates take, the kept ones over and over in new orders; where none was kept, ones that teach nothing.</summary>
    private static List<TrainingExample> Filled(List<TrainingExample> kept, SampledRound sampled, int count, RandomStream random)
    {
        Dictionary<string, double> logged = MeanLogged(sampled.Examples, 0, sampled.Examples.Count);
        logged["kept"] = kept.Count;
        List<TrainingExample> all = new(count);
        TrainingExample nothing = new(sampled.Examples[0].Sequences[0] with { Weights = new float[sampled.Examples[0].Sequences[0].Ids.Length] });
        TrainingExample[] order = kept.Count > 0 ? [.. kept] : [nothing];
        for (int i = 0; i < count; i++)
        {
            if (i % order.Length == 0) random.Derive(i).Shuffle<TrainingExample>(order);
            all.Add(order[i % order.Length] with { Logged = logged });
        }
        return all;
    }
}
