using System.Text.Json.Nodes;
using Hone.Training.Objectives;

namespace Hone.Tests.Training;

/// <summary>The supervised losses on given numbers beside TRL's.</summary>
public class SftLossGoldenTests
{
    [Fact]
    public void Negative_log_likelihood_and_its_dynamic_form()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(GoldenModels.Folder + "objectives/sft_loss.jsonl"))
        {
            string id = (string)row["id"]!;
            float[] weights = [.. row["label_mask"]!.AsArray().SelectMany(r => GoldenJson.Floats(r!))];
            SftLoss loss = (string)row["settings"]!["loss_type"]! == "dft" ? SftLoss.Dft : SftLoss.Nll;
            (double sum, double[] gradient) = SupervisedObjective.Evaluate(GoldenJson.Flat(row["logps"]!), weights, loss);
            double divisor = (double?)row["settings"]!["num_items_in_batch"] ?? weights.Sum();
            GoldenModels.Near((double)row["loss"]!, sum / divisor, 4e-8, id);
            GoldenPairs.CheckWhere(i => weights[i] != 0, GoldenJson.Flat(row["grad_logps"]!), [.. gradient.Select(g => g / divisor)], 1e-7, id);
            done++;
        }
        GoldenJson.AllDone(12, done);
    }
}
