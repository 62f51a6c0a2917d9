using Hone.Core.ToolCalls;

namespace Hone.Tests.Core.ToolCalls;

public class ToolCallStreamTests
{
    private const string Call = """{"name": "add", "arguments": {"a": 1}}""";

    [Theory]
    [InlineData(ToolCallFormat.Hermes, "  Let me see. \n<tool_call>\n" + Call + "\n</tool_call> and\n", 1)]
    [InlineData(ToolCallFormat.Hermes, "A < b, a <tool> and </tool_call>", 0)]
    [InlineData(ToolCallFormat.Hermes, "<think>\nhm</think>\n<tool_call>" + Call + "</tool_call><tool_call>" + Call + "</tool_call>", 2)]
    [InlineData(ToolCallFormat.Hermes, "<thick> text", 0)]
    [InlineData(ToolCallFormat.Llama3, """{"name": "add", "parameters": {"a": 1}}""", 1)]
    [InlineData(ToolCallFormat.Llama3, "<|python_tag|>" + Call, 1)]
    [InlineData(ToolCallFormat.Llama3, "No call {here}.", 0)]
    [InlineData(ToolCallFormat.Mistral, "Well [T [TOOL_CALLS][" + Call + "]", 1)]
    [InlineData(ToolCallFormat.PlainJson, "```json\n[" + Call + "]\n```", 1)]
    [InlineData(ToolCallFormat.PlainJson, "Just text.", 0)]
    public void Pieces_of_any_size_say_what_the_whole_says(ToolCallFormat format, string reply, int calls)
    {
        ToolCallReading whole = ToolCallParser.Read(reply, format);
        Assert.Equal(calls, whole.Calls.Count);
        for (int size = 1; size <= reply.Length; size++)
        {
            ToolCallStream stream = new(format);
            string content = string.Concat(reply.Chunk(size).Select(piece => stream.Push(new string(piece))));
            (ToolCallReading reading, string remaining) = stream.Finish();
            Assert.Equal(whole.Calls.Select(c => c.ArgumentsText), reading.Calls.Select(c => c.ArgumentsText));
            Assert.Equal(whole.Content, content + remaining);
            Assert.Equal(whole.Reasoning, reading.Reasoning);
        }
    }

    [Fact]
    public void Plain_content_is_given_out_as_it_comes()
    {
        ToolCallStream stream = new(ToolCallFormat.Hermes);
        Assert.Equal(["The", " answer", "", " <b>", ""], [stream.Push("The"), stream.Push(" answer"), stream.Push(" "), stream.Push("<b>"), stream.Push("<tool_")]);
    }
}
