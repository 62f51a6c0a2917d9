using System.Text.Json.Nodes;

namespace Hone.Tests.Cli;

public sealed class EvalTests : IDisposable
{
    private readonly TinyModelFolder model = new();

    public void Dispose() => model.Dispose();

    [Fact]
    public void Rows_are_answered_judged_and_kept()
    {
        string said = CliRun.Of("generate", "--model", model.Path, "--prompt", "Ann has\n", "--max-tokens", "4", "--quiet").Output.TrimEnd('\n');
        string data = model.Write("rows.jsonl",
            new JsonObject { ["question"] = "Ann has", ["answer"] = said }.ToJsonString(), """{"question":"Ann has","answer":"nothing like it"}""", """{"question":"tea","answer":"no"}""");
        string output = model["answers.jsonl"];
        CliRun run = CliRun.Of("eval", "--model", model.Path, "--data", data, "--check", "exact", "--max-tokens", "4", "--out", output, "--json", "--threads", "1");
        Assert.Equal(0, run.Code);
        JsonNode json = JsonNode.Parse(run.Output)!;
        Assert.Equal((1, 2, 3), ((int)json["right"]!, (int)json["wrong"]!, (int)json["count"]!));
        Assert.Equal(1 / 3.0, (double)json["accuracy"]!, 1e-12);
        // Wilson: centre (1/3 + z²/6) / (1 + z²/3), half z / (1 + z²/3) · sqrt(2/27 + z²/36) with z = 1.959964
        Assert.Equal(0.0615, (double)json["low"]!, 1e-4);
        Assert.Equal(0.7923, (double)json["high"]!, 1e-4);
        Assert.Equal("exact", (string)json["checker"]!);
        JsonNode[] answers = [.. File.ReadLines(output).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal([1.0, 0, 0], answers.Select(a => (double)a["score"]!));
        Assert.Equal(said.Trim(), ((string)answers[0]["output"]!).Trim());
    }

    [Fact]
    public void The_built_in_task_needs_no_data()
    {
        CliRun run = CliRun.Of("eval", "--model", model.Path, "--limit", "3", "--max-tokens", "2", "--threads", "1");
        Assert.Equal(0, run.Code);
        Assert.StartsWith("0.0 % right (0 of 3; 95 %: 0.0 % to ", run.Output);
        Assert.Contains("equation-steps", run.Error);
        Assert.Contains("3 answers were cut off", run.Output);
    }

    [Fact]
    public void Columns_can_be_mapped_and_other_rows_are_refused()
    {
        string data = model.Write("rows.jsonl", """{"Body":"Ann","Question":"tea?","Answer":"3"}""");
        CliRun run = CliRun.Of("eval", "--model", model.Path, "--data", data, "--map", "question=Body,Question", "--map", "answer=Answer", "--max-tokens", "2", "--json", "--threads", "1");
        Assert.Equal("number", (string)JsonNode.Parse(run.Output)!["checker"]!);
        run = CliRun.Of("eval", "--model", model.Path, "--data", model.Write("texts.jsonl", """{"text":"Ann"}"""));
        Assert.Equal(2, run.Code);
        Assert.Contains("rows of kind Text have no reference answer", run.Error);
        run = CliRun.Of("eval", "--model", model.Path, "--data", data, "--check", "numbr", "--map", "question=Body", "--map", "answer=Answer");
        Assert.Equal(2, run.Code);
        Assert.Contains("Did you mean 'number'?", run.Error);
    }
}
