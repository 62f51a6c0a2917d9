using Hone.Core;
using Hone.Core.ToolCalls;

namespace Hone.Evaluation.Checkers.Tools;

/// <summary>
/// Judges a tool call against the row's <c>answer</c>, a call, and its <c>tools</c>. The value is the reward of the error's category, from
/// −2 to 1, so only a right call passes.
/// </summary>
/// <param name="format">How replies write calls; answers are read in it too.</param>
public sealed class ToolCallChecker(ToolCallFormat format = ToolCallFormat.Python) : IChecker
{
    public string Name => "tool-call";

    /// <summary>The category of the output's mistake.</summary>
    public ToolCallFault Fault(Row row, string output) => ToolCallReward.Judge(ToolCallParser.Read(output, format), Wanted(row), ToolDocument.ReadAll(row.Fields["tools"]));

    public Score Check(Row row, string output)
    {
        ToolCallFault fault = Fault(row, output);
        return new(ToolCallReward.Of(fault), fault == ToolCallFault.None ? "" : $"{Words(fault)}: {ExactChecker.Shortened(output.Trim())}");
    }

    public string? Extract(Row row, string output) =>
        ToolCallParser.Read(output, format).Calls is [ToolCall call] ? PythonCalls.Write(call) : null;

    /// <summary>The right call of a row.</summary>
    /// <exception cref="HoneException">The answer is not a call.</exception>
    public ToolCall Wanted(Row row) => ToolCallParser.Read(row.Text("answer"), format).Calls is [ToolCall call]
        ? call : throw row.Error($"the answer '{ExactChecker.Shortened(row.Text("answer"))}' is not one tool call; expected name(argument=\"value\").");

    private static string Words(ToolCallFault fault) => fault switch
    {
        ToolCallFault.Unparseable => "not a call",
        ToolCallFault.UnknownTool => "a tool that was not offered",
        ToolCallFault.WrongTool => "the wrong tool",
        ToolCallFault.UnknownArgument => "an argument the tool does not have",
        ToolCallFault.RedundantOrMissing => "an argument too many or missing",
        ToolCallFault.WrongValue => "another value",
        _ => "several wrong arguments",
    };
}
