using System.Text.Json.Nodes;
using Hone.Core.ToolCalls;

namespace Hone.Tests.Core.ToolCalls;

public class ToolCallGoldenTests
{
    /// <summary>Calls, content and the count of malformed blocks equal the strict reading of each format.</summary>
    [Fact]
    public void Every_row_of_tool_call_parse_jsonl_is_equal()
    {
        List<string> failures = [];
        int rows = 0;
        foreach (string line in File.ReadLines(SharedData.Require("data/golden/structured/tool_call_parse.jsonl")))
        {
            JsonObject row = JsonNode.Parse(line)!.AsObject();
            rows++;
            ToolCallFormat format = (string)row["format"]! switch
            {
                "hermes" => ToolCallFormat.Hermes,
                "llama3" => ToolCallFormat.Llama3,
                "mistral" => ToolCallFormat.Mistral,
                _ => ToolCallFormat.PlainJson,
            };
            JsonObject want = row["own_reading"]!.AsObject();
            ToolCallReading got = ToolCallParser.Read((string)row["output"]!, format);
            string wanted = string.Join(" ", want["calls"]!.AsArray().Select(c => $"{c!["name"]}{c["arguments"]!.ToJsonString()}{c["id"]}"));
            string found = string.Join(" ", got.Calls.Select(c => c.Name + c.Arguments.ToJsonString() + c.Id));
            bool same = wanted == found && (want["content"] is null || (string)want["content"]! == got.Content) && (want["malformed"] is null || (int)want["malformed"]! == got.Malformed);
            if (!same) failures.Add($"{row["id"]}: expected {want.ToJsonString()}, got {found} '{got.Content}' {got.Malformed}");
        }
        Parity.Count(rows, rows - failures.Count);
        Assert.Equal(90, rows);
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    [Fact]
    public void Thinking_is_set_apart_and_numbers_keep_their_spelling()
    {
        ToolCallReading reading = ToolCallParser.Read("<think>\nhm <tool_call>\n</think>\nText <tool_call>{\"name\":\"f\",\"arguments\":{\"x\":5.0,\"y\":5}}</tool_call> more", ToolCallFormat.Hermes);
        Assert.Equal(("hm <tool_call>", "Text  more", 0), (reading.Reasoning, reading.Content, reading.Malformed));
        Assert.Equal("{\"x\":5.0,\"y\":5}", Assert.Single(reading.Calls).ArgumentsText);
    }

    [Theory]
    [InlineData("{{ '<tool_call>' }}", ToolCallFormat.Hermes)]
    [InlineData("[TOOL_CALLS] [", ToolCallFormat.Mistral)]
    [InlineData("{{ '<|python_tag|>' }}", ToolCallFormat.Llama3)]
    [InlineData("<|im_start|>", null)]
    public void A_template_shows_its_format(string template, ToolCallFormat? format) => Assert.Equal(format, ToolCallParser.Detect(template));

    [Theory]
    [InlineData(ToolCallFormat.Hermes)]
    [InlineData(ToolCallFormat.Llama3)]
    [InlineData(ToolCallFormat.Mistral)]
    [InlineData(ToolCallFormat.PlainJson)]
    public void Any_text_is_read_without_failing(ToolCallFormat format)
    {
        string[] pieces = ["<tool_call>", "</tool_call>", "<think>", "</think>", "[TOOL_CALLS]", "<|python_tag|>", "{\"name\":", "\"f\"", ",\"arguments\":{}", "}", "[", "]", "```json\n", "```", "\ud83c", "\\", "\"", " "];
        RandomStream random = new(5, format.ToString());
        for (int i = 0; i < 3000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, 1 + random.Next(8)).Select(_ => random.Choose(pieces)));
            ToolCallReading reading = ToolCallParser.Read(text, format);
            Assert.All(reading.Calls, call => Assert.NotEmpty(call.Name));
        }
        Assert.NotNull(ToolCallParser.Read(new string('[', 100_000), format));
    }
}
