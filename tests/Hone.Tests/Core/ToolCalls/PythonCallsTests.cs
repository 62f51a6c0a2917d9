using System.Text.Json.Nodes;
using Hone.Core.ToolCalls;

namespace Hone.Tests.Core.ToolCalls;

public class PythonCallsTests
{
    [Theory]
    [InlineData("f(a=1, b='x')", """f {"a":1,"b":"x"}""")]
    [InlineData("  f(a = 1)  ", """f {"a":1}""")]
    [InlineData("f()", "f {}")]
    [InlineData("g.h(c=[1, 2.50, [True, None]])", """g.h {"c":[1,2.50,[true,null]]}""")]
    [InlineData("""f(a="say \"hi\", (now)", b='it\'s')""", """f {"a":"say \"hi\", (now)","b":"it's"}""")]
    [InlineData("f(a={'x': 1, \"y\": (2, 3)})", """f {"a":{"x":1,"y":[2,3]}}""")]
    [InlineData("f(a=celsius, b=-1e3)", """f {"a":"celsius","b":-1e3}""")]
    [InlineData("f(a=\"\\u00e9\\n\",)", """f {"a":"é\n"}""")]
    public void Calls_are_read(string text, string expected)
    {
        ToolCall call = Assert.Single(ToolCallParser.Read(text, ToolCallFormat.Python).Calls);
        Assert.Equal(expected, $"{call.Name} {call.ArgumentsText}");
    }

    [Fact]
    public void A_list_of_calls_is_read() =>
        Assert.Equal(["f", "g"], PythonCalls.Read("[f(a=1), g(b=[2])]").Calls.Select(c => c.Name));

    [Theory]
    [InlineData("f(1)")] // a value without a name
    [InlineData("f(a=1, a=2)")] // a name given twice
    [InlineData("f(a=1) and more")]
    [InlineData("f(a=1")]
    [InlineData("f(a='x)")]
    [InlineData("f(a=g(b=1))")]
    [InlineData("f(a=__import__('os'))")]
    [InlineData("f(a=1)(b=2)")]
    public void What_is_not_a_call_is_counted_as_malformed(string text)
    {
        ToolCallReading reading = PythonCalls.Read(text);
        Assert.Empty(reading.Calls);
        Assert.Equal(1, reading.Malformed);
    }

    [Fact]
    public void Plain_text_is_content() => Assert.Equal(("Sure, I can do that.", 0), (PythonCalls.Read("Sure, I can do that.").Content, PythonCalls.Read("Sure, I can do that.").Malformed));

    [Fact]
    public void Deep_nesting_is_refused_without_a_crash()
    {
        Assert.Empty(PythonCalls.Read("f(a=" + new string('[', 100_000) + ")").Calls);
        Assert.Empty(PythonCalls.Read("f(a=" + string.Concat(Enumerable.Repeat("{'x':", 100_000)) + ")").Calls);
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        JsonObject arguments = JsonNode.Parse("""{"text":"a \"b\"\n\\c","n":5,"x":5.0,"t":true,"nothing":null,"list":[1,["z"]],"map":{"k k":false}}""")!.AsObject();
        ToolCall call = new("do_it", arguments);
        Assert.Equal(call.ArgumentsText, Assert.Single(PythonCalls.Read(PythonCalls.Write(call)).Calls).ArgumentsText);
    }

    [Fact]
    public void Tools_are_read_in_every_usual_form_and_shown_as_functions()
    {
        const string bare = """{"name":"f","description":"Does.","parameters":{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"integer","description":"how many"},"c":{}},"required":["a"]}}""";
        ToolDocument tool = Assert.Single(ToolDocument.ReadAll(JsonNode.Parse($"[{bare}]")));
        Assert.Equal(tool.ToJson().ToJsonString(), Assert.Single(ToolDocument.ReadAll(JsonNode.Parse($$"""[{"type":"function","function":{{bare}}}]"""))).ToJson().ToJsonString());
        Assert.Equal(tool.ToJson().ToJsonString(), Assert.Single(ToolDocument.ReadAll(JsonValue.Create($"[{bare}]"))).ToJson().ToJsonString());
        Assert.Equal("any", tool.Find("c")!.Type);
        Assert.Equal("def f(a: integer, b: string = None, c: any = None):\n    \"\"\"Does.\n\n    Args:\n        a (integer): how many\n        b (string):\n        c (any):\n    \"\"\"", PythonCalls.Stub(tool));
        Assert.Empty(ToolDocument.ReadAll(null));
        Assert.Empty(Assert.Single(ToolDocument.ReadAll(JsonNode.Parse("""[{"name":"g"}]"""))).Parameters);
    }

    [Theory]
    [InlineData("""[{"name":"f"},{"name":"f"}]""", "two tools are called 'f'")]
    [InlineData("""[{"description":"?"}]""", "has no name")]
    [InlineData("""{"name":"f"}""", "expected a list")]
    [InlineData("\"not json\"", "not JSON")]
    public void Tools_that_cannot_be_used_are_refused(string json, string message) =>
        Assert.Contains(message, Assert.Throws<HoneException>(() => ToolDocument.ReadAll(JsonNode.Parse(json))).Message);

    [Theory]
    [InlineData("HTTP 400: Client-Error for url", ToolErrorKind.BadRequest)]
    [InlineData("TypeError: f() got an unexpected keyword argument 'x'", ToolErrorKind.UnexpectedArgument)]
    [InlineData("f() missing 1 required positional argument: 'a'", ToolErrorKind.WrongArguments)]
    [InlineData("name 'foo' is not defined", ToolErrorKind.UndefinedName)]
    [InlineData("Max retries exceeded with url", ToolErrorKind.Connection)]
    [InlineData("Invalid API call!", ToolErrorKind.InvalidCall)]
    [InlineData("Object of type set is not JSON serializable", ToolErrorKind.NotSerialisable)]
    [InlineData("slice indices must be integers", ToolErrorKind.BadIndex)]
    [InlineData("""{"error": "no such city"}""", ToolErrorKind.ErrorField)]
    [InlineData("""{"error": ""}""", null)]
    [InlineData("""{"result": "the error was found"}""", null)]
    public void Errors_are_told_from_results(string reply, ToolErrorKind? kind) => Assert.Equal(kind, ToolErrors.Find(reply));
}
