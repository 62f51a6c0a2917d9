using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Data.Preferences;

namespace Hone.Tests.Data;

public class RowKindTests
{
    private static Row RowOf(string json) => new("r", (JsonObject)JsonNode.Parse(json)!, "f.jsonl", 7);

    [Theory]
    [InlineData("""{"text":"a"}""", RowKind.Text)]
    [InlineData("""{"text":"a","label":"ham"}""", RowKind.Task)]
    [InlineData("""{"prompt":"a","completion":"b"}""", RowKind.PromptCompletion)]
    [InlineData("""{"prompt":[{"role":"user","content":"a"}],"completion":[{"role":"assistant","content":"b"}]}""", RowKind.PromptCompletion)]
    [InlineData("""{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}""", RowKind.Messages)]
    [InlineData("""{"question":"a","answer":3}""", RowKind.Task)]
    [InlineData("""{"prompt":"a","answer":"b","rationale":"c"}""", RowKind.Task)]
    public void KindsAreTold(string json, RowKind kind) => Assert.Equal(kind, RowKinds.Require(RowOf(json)));

    [Theory]
    [InlineData("""{"text":""}""", "empty")]
    [InlineData("""{"text":["a"]}""", "must be text")]
    [InlineData("""{"prompt":"a","completion":" "}""", "empty")]
    [InlineData("""{"messages":[]}""", "at least one")]
    [InlineData("""{"messages":[{"role":"robot","content":"a"}]}""", "messages[0].role is \"robot\"")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "messages[0].content")]
    [InlineData("""{"messages":["hello"]}""", "messages[0] must be an object")]
    [InlineData("""{"question":"a","answer":null}""", "missing")]
    [InlineData("""{"question":"a","answer":"steps\n#### "}""", "empty")]
    [InlineData("""{"question":{"a":1},"answer":"b"}""", "must be text")]
    [InlineData("""{"Problem":"a","Label":"b"}""", "--map question=Problem --map answer=Label")]
    public void MalformedRowsSayWhatIsWrongAndWhere(string json, string part)
    {
        HoneException error = Assert.Throws<HoneException>(() => RowKinds.Require(RowOf(json)));
        Assert.StartsWith("f.jsonl:7: ", error.Message);
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public void PublishedGsm8kFormIsSplit()
    {
        Row row = TaskRows.Normalise(RowOf("""{"question":" q ","answer":"24/2 = <<24/2=12>>12 cups\n12+6 = <<12+6=18>>18\n#### 18"}"""));
        Assert.Equal("q", row.Text("question"));
        Assert.Equal("18", row.Text("answer"));
        Assert.Equal(2, TaskRows.Steps(row).Count);
        Assert.Equal("24/2 = 12 cups\n12+6 = 18", TaskRows.WithoutCalculatorMarks(row.Text("rationale")));
        Assert.EndsWith("=18>>18\nanswer: 18", TaskRows.Completion(row));
    }

    [Theory]
    [InlineData("steps\nA: 3", "steps", "3")]
    [InlineData("a\nanswer: $1,000", "a", "$1,000")]
    [InlineData("#### 5", null, "5")]
    [InlineData("A: 3", null, "A: 3")]
    [InlineData("no", null, "no")]
    public void OtherEndingsSplitToo(string text, string? rationale, string answer) =>
        Assert.Equal((rationale, answer), TaskRows.SplitAnswer(text));

    [Theory]
    [InlineData("22.0", "22")]
    [InlineData("2.5", "2.5")]
    [InlineData("-3", "-3")]
    [InlineData("true", "true")]
    public void NumbersLoseAFractionOfZero(string json, string answer)
    {
        Row row = TaskRows.Normalise(RowOf($$"""{"question":"q","answer":{{json}}}"""));
        Assert.Equal(answer, row.Text("answer"));
        Assert.Equal(answer, TaskRows.Completion(row));
    }

    [Fact]
    public void Pairs_of_sharegpt_become_conversations_with_known_roles()
    {
        Row row = Jsonl.Parse("""{"conversations":[{"from":"system","value":"Be kind."},{"from":"human","value":"Hi"}],"chosen":{"from":"gpt","value":"Hello"},"rejected":{"from":"gpt","value":"Go"}}""", "x.jsonl", 3);
        Assert.Equal(RowKind.Preference, RowKinds.Require(row));
        Assert.Equal(
            """{"chosen":[{"role":"assistant","content":"Hello"}],"rejected":[{"role":"assistant","content":"Go"}],"prompt":[{"role":"system","content":"Be kind."},{"role":"user","content":"Hi"}]}""",
            ForeignPairs.Canonical(row).Fields.ToJsonString());
    }

    [Fact]
    public void A_conversation_with_a_verdict_is_a_judged_reply()
    {
        Row row = Jsonl.Parse("""{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}],"label":false}""", "x.jsonl", 1);
        Assert.Equal(RowKind.Judged, RowKinds.Require(row));
        Assert.Equal(
            """{"label":false,"prompt":[{"role":"user","content":"Hi"}],"completion":[{"role":"assistant","content":"Hello"}]}""", ForeignPairs.Canonical(row).Fields.ToJsonString());
    }

    [Theory]
    [InlineData("""{"conversations":[{"from":"poet","value":"x"}],"chosen":{"from":"gpt","value":"a"},"rejected":{"from":"gpt","value":"b"}}""", "conversations[0].from is 'poet'")]
    [InlineData("""{"conversations":[{"from":"human","value":7}],"chosen":{"from":"gpt","value":"a"},"rejected":{"from":"gpt","value":"b"}}""", "conversations[0].value must be text")]
    [InlineData("""{"conversations":[{"from":"human","value":"x"}],"chosen":"a","rejected":{"from":"gpt","value":"b"}}""", "chosen.from must be text")]
    [InlineData("""{"conversations":[{"from":"human","value":"x"}],"chosen":{"from":"gpt","value":" "},"rejected":{"from":"gpt","value":"b"}}""", "'chosen' is empty")]
    [InlineData("""{"conversations":[{"from":"human","value":"x"}],"chosen":{"from":"gpt","value":"b"},"rejected":{"from":"gpt","value":"b"}}""", "nothing to prefer")]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"}],"label":true}""", "must end in the assistant's turn")]
    [InlineData("""{"messages":[{"role":7},{"role":8}],"label":true}""", "must end in the assistant's turn")]
    [InlineData("""{"prompt":[{"role":"user","content":"x"}],"chosen":[{"role":"assistant","content":""}],"rejected":[{"role":"assistant","content":"b"}]}""", "'chosen' is empty")]
    [InlineData("""{"prompt":""}""", "'prompt' is empty")]
    [InlineData("""{"prompt":3.5,"chosen":{},"rejected":"b"}""", "field 'chosen' must be text")]
    public void Broken_preferences_are_named_by_line(string json, string expected)
    {
        HoneException error = Assert.Throws<HoneException>(() => RowKinds.Require(Jsonl.Parse(json, "x.jsonl", 12)));
        Assert.StartsWith("x.jsonl:12:", error.Message);
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void Roles_of_sharegpt_are_translated_and_tools_in_text_are_read()
    {
        Row row = RowOf("""{"messages":[{"role":"human","content":"Hi"},{"role":"function_call","content":"{}"},{"role":"observation","content":"3"},{"role":"gpt","content":"Done"}],"tools":"[{\"name\":\"f\"}]"}""");
        Row known = ForeignPairs.WithKnownRoles(row);
        Assert.Equal(["user", "assistant", "tool", "assistant"], known.Fields["messages"]!.AsArray().Select(m => (string)m!["role"]!));
        Assert.Equal("f", (string)known.Fields["tools"]![0]!["name"]!);
        Row plain = RowOf("""{"messages":[{"role":"user","content":"Hi"}],"tools":"x"}""");
        Assert.Same(plain, ForeignPairs.WithKnownRoles(plain));
        Assert.Null(ForeignPairs.WithKnownRoles(RowOf("""{"messages":[{"role":"human","content":"Hi"}],"tools":"x"}""")).Fields["tools"]);
    }
}
