using System.Text.Json.Nodes;
using Hone.Core.Schema;

namespace Hone.Tests.Server;

public sealed class StructuredTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Add = """{"type":"function","function":{"name":"add","description":"adds","parameters":{"type":"object","properties":{"a":{"type":"integer","minimum":0,"maximum":99},"b":{"enum":[1,2,3]}},"required":["a","b"]}}}""";
    private const string Say = """{"type":"function","function":{"name":"say","parameters":{"type":"object","properties":{"text":{"type":"string","maxLength":10}},"required":["text"]}}}""";

    [Fact]
    public async Task Json_meets_its_schema_at_any_temperature()
    {
        const string schema = """{"type":"object","properties":{"sum":{"type":"integer","minimum":0,"maximum":999},"who":{"enum":["Ann","Tom"]},"words":{"type":"array","items":{"type":"string","maxLength":5},"minItems":1,"maxItems":3}},"required":["sum","who","words"],"additionalProperties":false}""";
        JsonNode reply = await server.OkAsync("/v1/chat/completions", $$$$"""
            {"messages":[{"role":"user","content":"Ann has 3 cups."}],"n":20,"temperature":1.5,"seed":3,"max_tokens":200,"response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{{{{schema}}}}}}}
            """);
        JsonSchemaValidator validator = new(JsonNode.Parse(schema));
        Assert.All(reply["choices"]!.AsArray(), choice =>
        {
            Assert.Equal("stop", (string)choice!["finish_reason"]!);
            Assert.True(validator.IsValid(JsonNode.Parse((string)choice["message"]!["content"]!)), choice.ToJsonString());
        });
    }

    [Fact]
    public async Task Patterns_choices_and_rules()
    {
        Assert.Matches("^[0-9]{3}-[ab]+$", await ContentAsync("""
            "guided_regex":"[0-9]{3}-[ab]{1,9}"
            """));
        Assert.Contains(await ContentAsync("""
            "guided_choice":["yes","no"]
            """), new[] { "yes", "no" });
        Assert.Matches("^(ab)+c$", await ContentAsync("""
            "guided_grammar":"root ::= \"ab\" root2\nroot2 ::= root | \"c\""
            """));
        (int status, _) = await server.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"a"}],"guided_choice":["a"],"guided_regex":"a"}""");
        Assert.Equal(400, status);
    }

    [Fact]
    public async Task A_required_call_is_one_with_arguments_that_meet_the_schema()
    {
        JsonNode message = (await server.OkAsync("/v1/chat/completions", $$"""
            {"messages":[{"role":"user","content":"Ann has 3 cups."}],"tools":[{{Add}},{{Say}}],"tool_choice":{"type":"function","function":{"name":"add"} },"temperature":1.5,"seed":2,"max_tokens":90}
            """))["choices"]![0]!;
        Assert.Equal("tool_calls", (string)message["finish_reason"]!);
        JsonNode call = Assert.Single(message["message"]!["tool_calls"]!.AsArray())!;
        JsonNode arguments = JsonNode.Parse((string)call["function"]!["arguments"]!)!;
        Assert.Equal("add", (string)call["function"]!["name"]!);
        Assert.InRange((int)arguments["a"]!, 0, 99);
        Assert.InRange((int)arguments["b"]!, 1, 3);
        Assert.StartsWith("call_", (string)call["id"]!);
        Assert.Null(message["message"]!["content"]);
    }

    [Fact]
    public async Task A_strict_tool_with_a_schema_that_cannot_be_enforced_is_refused_and_another_is_not()
    {
        const string tool = """{"type":"function","function":{"name":"f","strict":STRICT,"parameters":{"type":"object","properties":{"a":{"type":"array","uniqueItems":true}}}}}""";
        (int status, JsonNode reply) = await server.PostAsync("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"a"}],"max_tokens":2,"tools":[{{tool.Replace("STRICT", "true")}}] }""");
        Assert.Equal(400, status);
        Assert.Contains("uniqueItems", (string)reply["error"]!["message"]!);
        await server.OkAsync("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"a"}],"max_tokens":2,"tools":[{{tool.Replace("STRICT", "false")}}]}""");
    }

    [Fact]
    public async Task A_form_and_tools_together_give_the_one_or_the_other()
    {
        JsonNode reply = await server.OkAsync("/v1/chat/completions", """
            {"messages":[{"role":"user","content":"Ann has 3 cups."}],"n":8,"tools":[ADD],"temperature":1.5,"seed":4,"max_tokens":400,"parallel_tool_calls":false,
            "response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object","properties":{"sum":{"type":"integer","maximum":99,"minimum":0}},"required":["sum"],"additionalProperties":false}}}}
            """.Replace("ADD", Add.Replace("\"name\":\"add\"", "\"name\":\"add\",\"strict\":true")));
        JsonNode[] complete = [.. reply["choices"]!.AsArray().Where(choice => (string)choice!["finish_reason"]! != "length").Select(choice => choice!)];
        Assert.True(complete.Length >= 6, $"{complete.Length} replies came to an end");
        Assert.All(complete, choice =>
        {
            JsonNode message = choice["message"]!;
            if (message["tool_calls"] is { } calls) Assert.Equal("add", (string)Assert.Single(calls.AsArray())!["function"]!["name"]!);
            else Assert.InRange((int)JsonNode.Parse((string)message["content"]!)!["sum"]!, 0, 99);
        });
    }

    [Fact]
    public async Task A_streamed_call_comes_whole()
    {
        List<JsonNode> events = await server.StreamAsync("/v1/chat/completions", $$"""
            {"messages":[{"role":"user","content":"Ann has 3 cups."}],"tools":[{{Add}}],"tool_choice":"required","temperature":1,"seed":2,"max_tokens":90,"stream":true}
            """);
        JsonNode[] choices = [.. events.Select(e => e["choices"]![0]!)];
        JsonNode call = Assert.Single(choices, c => c["delta"]!["tool_calls"] is not null)["delta"]!["tool_calls"]![0]!;
        Assert.Equal(("add", 0), ((string)call["function"]!["name"]!, (int)call["index"]!));
        Assert.Equal("tool_calls", (string)choices[^1]["finish_reason"]!);
        Assert.Equal("", string.Concat(choices.Select(c => (string?)c["delta"]!["content"])));
    }

    [Fact]
    public async Task A_conversation_with_calls_and_results_is_understood()
    {
        JsonNode reply = await server.OkAsync("/v1/chat/completions", $$"""
            {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"3 and 1?"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\":3,\"b\":1}"} }]},
            {"role":"tool","tool_call_id":"c1","content":"4"}],"tools":[{{Add}}],"tool_choice":"none","temperature":0,"max_tokens":5}
            """);
        Assert.Null(reply["choices"]![0]!["message"]!["tool_calls"]);
    }

    [Fact]
    public async Task A_call_cut_short_is_no_call()
    {
        JsonNode choice = (await server.OkAsync("/v1/chat/completions", $$"""
            {"messages":[{"role":"user","content":"a"}],"tools":[{{Say}}],"tool_choice":"required","max_tokens":3}
            """))["choices"]![0]!;
        Assert.Equal("length", (string)choice["finish_reason"]!);
        Assert.Null(choice["message"]!["tool_calls"]);
    }

    private async Task<string> ContentAsync(string fields) => (string)(await server.OkAsync(
        "/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"Ann"}],"max_tokens":200,"temperature":1,"seed":1,{{fields}}}"""))["choices"]![0]!["message"]!["content"]!;

    /// <summary>Arguments of an earlier call as a model may have written them: a key twice, half a surrogate pair.</summary>
    [Theory]
    [InlineData("""{\"a\":1,\"a\":2}""")]
    [InlineData("""{\"a\":\"\\ud83c\"}""")]
    public async Task Earlier_arguments_of_any_form_are_read(string arguments)
    {
        (int status, JsonNode reply) = await server.PostAsync("/v1/chat/completions", """
            {"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"ARGUMENTS"}}]},
            {"role":"tool","tool_call_id":"c1","content":"4"}],"tools":[{"type":"function","function":{"name":"add","parameters":{"type":"object","properties":{"a":{}}}}}],"max_tokens":2}
            """.Replace("ARGUMENTS", arguments));
        Assert.True(status == 200, $"{status}: {reply}");
    }
}
