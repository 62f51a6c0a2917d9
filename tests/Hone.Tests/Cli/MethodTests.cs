using System.Text.Json.Nodes;
using Hone.Cli;

namespace Hone.Tests.Cli;

public class MethodTests
{
    [Fact]
    public void Methods_are_found_by_their_attributes()
    {
        JsonNode method = JsonNode.Parse(SampleCommands.Run("methods", "--json").Output)!["methods"]![0]!;
        Assert.Equal("sample-method", (string?)method["slug"]);
        Assert.Equal("hone reproduce sample-method", (string?)method["reproduce"]);
        Assert.Equal("method         stage          arXiv  command    paper\nsample-method  training  2401.00001  hone tune  A sample of a paper\n",
            SampleCommands.Run("methods").Output);
        Assert.Contains("| sample-method | training | A sample of a paper ([arXiv:2401.00001](https://arxiv.org/abs/2401.00001)) | `hone tune` |",
            SampleCommands.Run("methods", "--markdown").Output);
    }

    [Fact]
    public void A_reproduction_prints_claims_values_and_verdicts_and_succeeds_whatever_they_are()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        CliRun run = SampleCommands.Run("reproduce", "sample-method", "--seeds", "2", "--quiet", "--out", folder);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal("""
            sample-method: A sample of a paper (arXiv:2401.00001)

            Accuracy
            arm      value
            vanilla   10.5
            guided       9

            HOLDS: It gains.
              points gained: 2 [1.5, 2.5]; must be at least 1
              measured on a sample

            DOES NOT HOLD: It costs little.
              share of the budget: 0.9 [0.8, 1]; must be at most 0.25

            INCONCLUSIVE: It beats the baseline.
              difference: 0.1 [-0.2, 0.4]; must be at least 0

            """.ReplaceLineEndings("\n"), run.Output);
        JsonNode json = JsonNode.Parse(SampleCommands.Run("reproduce", "sample-method", "--json", "--out", folder).Output)!;
        Assert.Equal("does not hold", (string?)json["claims"]![1]!["verdict"]);
        Assert.Equal(3, (int)json["seeds"]!);
        Assert.Equal("holds", (string?)JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "reproduction.json")))!["claims"]![0]!["verdict"]);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(1.0, 2.0, Verdict.Holds)]
    [InlineData(0.5, 2.0, Verdict.Inconclusive)]
    [InlineData(0.2, 0.9, Verdict.DoesNotHold)]
    [InlineData(double.NaN, double.NaN, Verdict.Inconclusive)]
    public void Verdicts_follow_from_the_interval(double low, double high, Verdict expected)
    {
        Assert.Equal(expected, Claim.AtLeast("", "", new Measured((low + high) / 2, low, high), 1).Verdict);
        Assert.Equal(expected, Claim.AtMost("", "", new Measured(-(low + high) / 2, -high, -low), -1).Verdict);
    }
}
