using System.Text.Json.Nodes;
using Hone.Evaluation.Checkers;

namespace Hone.Tests.Evaluation;

public class Gsm8kGoldenTests
{
    [Fact]
    public void PublishedRulesAgreeOnEveryRow()
    {
        foreach (JsonObject row in GoldenRows.Read("gsm8k_extract.jsonl"))
        {
            (string response, string gold) = (row["response"].Text(), row["gold_answer"].Text());
            Assert.Equal(row["filtered_strict-match"].Text(), Gsm8kRules.Strict(response));
            Assert.Equal(row["filtered_flexible-extract"].Text(), Gsm8kRules.Flexible(response));
            Assert.Equal(row["official_extract"].Text(), Gsm8kRules.Official(response));
            Assert.True(row["exact_match_strict-match"].Number() == 1 == Gsm8kRules.ExactMatch(Gsm8kRules.Strict(response), gold), row.ToJsonString());
            Assert.True(row["exact_match_flexible-extract"].Number() == 1 == Gsm8kRules.ExactMatch(Gsm8kRules.Flexible(response), gold), row.ToJsonString());
        }
    }

    [Fact]
    public void NumberCheckerAgreesWithTheFlagsOfRealSolutions()
    {
        JsonObject[] rows = [.. File.ReadLines(SharedData.Require("data/gsm8k/test_200_model_solutions.jsonl")).Select(l => JsonNode.Parse(l)!.AsObject())];
        NumberChecker checker = new();
        int tried = 0;
        foreach (JsonObject row in rows)
        {
            string truth = row["ground_truth"].Text();
            Row task = new(row["id"].Text(), new() { ["answer"] = truth[(truth.LastIndexOf("A:", StringComparison.Ordinal) + 2)..].Trim() });
            foreach (string column in new[] { "6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification" })
            {
                Assert.Equal(row[column]!["is_correct"]!.GetValue<bool>(), checker.Check(task, row[column]!["solution"].Text()).Passes);
                tried++;
            }
        }
        Assert.Equal(800, tried);
    }

    [Fact]
    public void RealSolutionsUnderThePublishedRules()
    {
        foreach (JsonObject golden in GoldenRows.Read("gsm8k_real_rows.jsonl"))
        {
            Dictionary<string, JsonObject> rows = File.ReadLines(SharedData.Require("data/gsm8k/test_200_model_solutions.jsonl"))
                .Select(l => JsonNode.Parse(l)!.AsObject()).ToDictionary(r => r["id"].Text().Split('-')[^1]);
            double[] ids = golden["row_ids"].Numbers();
            string[] strict = golden["strict"].Texts(), flexible = golden["flexible"].Texts();
            for (int i = 0; i < ids.Length; i++)
            {
                JsonObject row = rows[((long)ids[i]).ToString()];
                string solution = Marked(row[golden["column"].Text()]!["solution"].Text());
                Assert.Equal(strict[i], Gsm8kRules.Strict(solution));
                Assert.Equal(flexible[i], Gsm8kRules.Flexible(solution));
                Assert.Equal(golden["exact_match_strict"].Numbers()[i] == 1, Gsm8kRules.ExactMatch(Gsm8kRules.Strict(solution), Marked(row["ground_truth"].Text())));
                Assert.Equal(golden["exact_match_flexible"].Numbers()[i] == 1, Gsm8kRules.ExactMatch(Gsm8kRules.Flexible(solution), Marked(row["ground_truth"].Text())));
            }
        }
    }

    private static string Marked(string solution)
    {
        int at = solution.LastIndexOf("A: ", StringComparison.Ordinal);
        return at < 0 ? solution : $"{solution[..at]}#### {solution[(at + 3)..]}";
    }
}
