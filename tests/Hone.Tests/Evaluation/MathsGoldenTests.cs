using System.Text.Json.Nodes;
using Hone.Evaluation.Checkers;

namespace Hone.Tests.Evaluation;

public class MathsGoldenTests
{
    [Theory]
    [InlineData("verdict", false)]
    [InlineData("verdict_swapped", true)]
    [InlineData("verdict_not_strict", false)]
    [InlineData("verdict_set_relation_comp", false)]
    [InlineData("verdict_float_rounding_2", false)]
    public void VerdictsOfMathVerify(string column, bool swapped)
    {
        MathsChecker checker = new(new()
        {
            Strict = column != "verdict_not_strict",
            AllowSetRelationComparison = column == "verdict_set_relation_comp",
            FloatRounding = column == "verdict_float_rounding_2" ? 2 : 6,
        });
        IReadOnlyList<JsonObject> rows = GoldenRows.Read("math_verify.jsonl");
        List<string> differing = [];
        foreach (JsonObject row in rows)
        {
            (string gold, string pred) = swapped ? (row["pred"].Text(), row["gold"].Text()) : (row["gold"].Text(), row["pred"].Text());
            if (checker.AreEqual(gold, pred) != (row[column].Number() == 1)) differing.Add($"{gold} | {pred}");
        }
        Assert.True(differing.Count == 0, $"{differing.Count} of {rows.Count}:\n{string.Join('\n', differing)}");
    }

    [Fact]
    public void StringRulesOfMath()
    {
        foreach (JsonObject row in GoldenRows.Read("hendrycks_is_equiv.jsonl"))
        {
            (string a, string b) = (row["a"].Text(), row["b"].Text());
            Assert.Equal((row["a_stripped"] as JsonValue)?.GetValue<string>(), MathStringRules.Normalise(a));
            Assert.Equal((row["b_stripped"] as JsonValue)?.GetValue<string>(), MathStringRules.Normalise(b));
            Assert.Equal(row["is_equiv"].Number() == 1, MathStringRules.AreEqual(a, b));
        }
    }

    [Fact]
    public void NormalFormsOfMinerva()
    {
        foreach (JsonObject row in GoldenRows.Read("minerva_normalize.jsonl"))
        {
            Assert.Equal(row["a_normalized"].Text(), MinervaRules.Normalise(row["a"].Text()));
            Assert.Equal(row["b_normalized"].Text(), MinervaRules.Normalise(row["b"].Text()));
            Assert.Equal(row["string_equal"].Number() == 1, MinervaRules.Normalise(row["a"].Text()) == MinervaRules.Normalise(row["b"].Text()));
        }
        foreach (JsonObject row in GoldenRows.Read("minerva_extract.jsonl")) Assert.Equal(row["unnormalized"].Text(), MinervaRules.Extract(row["text"].Text()));
    }

    [Fact]
    public void LastBox()
    {
        foreach (JsonObject row in GoldenRows.Read("last_boxed.jsonl"))
        {
            if (row["content"] is JsonObject) continue;
            Assert.Equal(row["content"]?.GetValue<string>(), AnswerText.Boxed(row["text"].Text()));
        }
    }
}
