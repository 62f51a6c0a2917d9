using System.Text.Json.Nodes;
using Hone.Evaluation.Metrics;
using Hone.Evaluation.Metrics.Text;

namespace Hone.Tests.Evaluation;

public class ClassificationGoldenTests
{
    [Fact]
    public void ScoresOfYesAndNo()
    {
        foreach (JsonObject row in GoldenRows.Read("classification_metrics.jsonl").Where(r => r.ContainsKey("y")))
        {
            bool[] y = [.. row["y"].Numbers().Select(v => v == 1)];
            double[] s = row["score"].Numbers();
            string id = row["id"].Text();
            (double[] fpr, double[] tpr, double[] thresholds) = BinaryScores.Roc(y, s);
            All(row["fpr"], fpr, id);
            All(row["tpr"], tpr, id);
            All(row["roc_thresholds"], thresholds, id);
            GoldenRows.Close(row["roc_auc"].Number(), BinaryScores.RocArea(y, s), 1e-8, id);
            GoldenRows.Close(row["average_precision"].Number(), BinaryScores.AveragePrecision(y, s), 1e-8, id);
            GoldenRows.Close(row["brier"].Number(), BinaryScores.Brier(y, s), 1e-8, id);
            GoldenRows.Close(row["log_loss_clipped_1e-6"].Number(), BinaryScores.LogLoss(y, s, 1e-6), 1e-8, id);
            GoldenRows.Close(row["ece_10_equal_width_right_closed_own_formula"].Number(), BinaryScores.CalibrationError(y, s), 1e-8, id);
            foreach ((JsonNode? expected, CalibrationBin bin) in row["ece_bins"]!.AsArray().Zip(BinaryScores.Calibration(y, s)))
                All(expected, [bin.Low, bin.High, bin.Count, bin.MeanScore, bin.ShareRight], id);
            ConfusionMatrix matrix = new(["no", "yes"], [.. y.Select(Word)], [.. s.Select(v => Word(v >= 0.5))]);
            GoldenRows.Close(row["precision"].Number(), matrix.Of(1).Precision, 1e-8, id);
            GoldenRows.Close(row["recall"].Number(), matrix.Of(1).Recall, 1e-8, id);
            GoldenRows.Close(row["f1_at_0.5"].Number(), matrix.Of(1).F1, 1e-8, id);
            GoldenRows.Close(row["mcc"].Number(), matrix.Matthews, 1e-8, id);
            GoldenRows.Close(row["balanced_accuracy"].Number(), matrix.BalancedAccuracy, 1e-8, id);
            GoldenRows.Close(row["accuracy"].Number(), matrix.Accuracy, 1e-8, id);
        }
    }

    [Fact]
    public void SeveralClasses()
    {
        foreach (JsonObject row in GoldenRows.Read("classification_metrics.jsonl").Where(r => r.ContainsKey("confusion")))
        {
            string[] labels = [.. row["labels"].Numbers().Select(l => $"{l}")];
            ConfusionMatrix matrix = new(labels, [.. row["y_true"].Numbers().Select(l => $"{l}")], [.. row["y_pred"].Numbers().Select(l => $"{l}")]);
            string id = row["id"].Text();
            for (int i = 0; i < labels.Length; i++)
                for (int j = 0; j < labels.Length; j++) Assert.Equal(row["confusion"]![i]![j].Number(), matrix[i, j]);
            GoldenRows.Close(row["mcc"].Number(), matrix.Matthews, 1e-8, id);
            GoldenRows.Close(row["balanced_accuracy"].Number(), matrix.BalancedAccuracy, 1e-8, id);
            All(row["prf_macro"], [matrix.Macro.Precision, matrix.Macro.Recall, matrix.Macro.F1], id);
            All(row["prf_weighted"], [matrix.Weighted.Precision, matrix.Weighted.Recall, matrix.Weighted.F1], id);
            for (int i = 0; i < labels.Length; i++)
            {
                ClassScores scores = matrix.Of(i);
                double[] values = [scores.Precision, scores.Recall, scores.F1, scores.Support];
                for (int part = 0; part < 4; part++) GoldenRows.Close(row["prf_per_class"]![part]![i].Number(), values[part], 1e-8, $"{id} class {i}");
            }
        }
    }

    [Fact]
    public void AggregationOfTheHarness()
    {
        foreach (JsonObject row in GoldenRows.Read("lm_eval_aggregation.jsonl"))
        {
            string id = row["id"].Text();
            if (row["kind"].Text() == "f1_mcc")
            {
                double[][] pairs = [.. row["gold_pred"]!.AsArray().Select(p => p.Numbers())];
                ConfusionMatrix matrix = new(["0", "1"], [.. pairs.Select(p => $"{p[0]}")], [.. pairs.Select(p => $"{p[1]}")]);
                GoldenRows.Close(row["f1"].Number(), matrix.Of(1).F1, 1e-8, id);
                GoldenRows.Close(row["mcc"].Number(), matrix.Matthews, 1e-8, id);
            }
            else if (row["kind"].Text() == "perplexity")
            {
                double[] logs = row["loglikelihoods"].Numbers();
                GoldenRows.Close(row["value"].Number(), Perplexity.Per(logs.Sum(), logs.Length), 1e-8, id);
            }
        }
    }

    [Fact]
    public void TranslationEditRate()
    {
        foreach (JsonObject row in GoldenRows.Read("ter_sentence.jsonl"))
        {
            JsonNode s = row["settings"]!;
            bool Is(string name) => s[name]?.GetValue<bool>() ?? false;
            Ter ter = new(new() { Normalized = Is("normalized"), NoPunct = Is("no_punct"), AsianSupport = Is("asian_support"), CaseSensitive = Is("case_sensitive") });
            (double score, int edits, double length) = ter.Sentence(row["hyp"].Text(), row["refs"].Texts());
            Assert.True(row["num_edits"].Number() == edits, $"{row["id"]}: {edits} edits, not {row["num_edits"]}: {row["hyp"]}");
            GoldenRows.Close(row["ref_length"].Number(), length, 1e-6, row["id"].Text());
            GoldenRows.Close(row["score"].Number(), score, 1e-6, row["id"].Text());
        }
    }

    private static void All(JsonNode? expected, double[] actual, string what)
    {
        Assert.Equal(expected!.AsArray().Count, actual.Length);
        foreach ((double e, double a) in expected.Numbers().Zip(actual)) GoldenRows.Close(e, a, 1e-8, what);
    }

    private static string Word(bool value) => value ? "yes" : "no";
}
