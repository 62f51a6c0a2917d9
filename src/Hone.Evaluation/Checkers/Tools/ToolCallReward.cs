using System.Text.Json.Nodes;
using Hone.Core.ToolCalls;

namespace Hone.Evaluation.Checkers.Tools;

/// <summary>What kind of mistake a call makes, in the order they are looked for.</summary>
public enum ToolCallFault
{
    /// <summary>Cannot be read as one call.</summary>
    Unparseable,

    /// <summary>A tool that was not offered.</summary>
    UnknownTool,

    /// <summary>An offered tool, but not the right one.</summary>
    WrongTool,

    /// <summary>An argument the tool does not have, one that is not wanted here, and one that is missing.</summary>
    UnknownRedundantMissing,

    /// <summary>An argument the tool does not have, and one that is not wanted or one that is missing.</summary>
    UnknownAndOther,

    /// <summary>An argument that is not wanted here and one that is missing.</summary>
    RedundantAndMissing,

    /// <summary>An argument the tool does not have.</summary>
    UnknownArgument,

    /// <summary>An argument that is not wanted here, or one that is missing.</summary>
    RedundantOrMissing,

    /// <summary>The right arguments with another value.</summary>
    WrongValue,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>
/// The reward of a tool call by the category of its error: TL-Training, arXiv:2412.15495, with the numbers and the order of the authors'
/// code. Their figure scores a call with an unknown and a missing argument −0.8, their code −1.3; this follows the code.
/// </summary>
public static class ToolCallReward
{
    /// <summary>The reward, −2 to 1.</summary>
    public static double Of(ToolCallFault fault) => fault switch
    {
        ToolCallFault.Unparseable or ToolCallFault.UnknownTool => -2,
        ToolCallFault.WrongTool => -1.5,
        ToolCallFault.UnknownRedundantMissing => -1.8,
        ToolCallFault.UnknownAndOther => -1.3,
        ToolCallFault.RedundantAndMissing => -1,
        ToolCallFault.UnknownArgument => -0.8,
        ToolCallFault.RedundantOrMissing => -0.5,
        ToolCallFault.WrongValue => -0.25,
        _ => 1,
    };

    /// <summary>The category of a reply.</summary>
    /// <param name="reading">The reply as it was read.</param>
    /// <param name="wanted">The right call.</param>
    /// <param name="offered">Tools the model was told of.</param>
    public static ToolCallFault Judge(ToolCallReading reading, ToolCall wanted, IReadOnlyList<ToolDocument> offered)
    {
        if (reading.Calls is not [ToolCall call] || reading.Malformed > 0 || reading.Content.Length > 0) return ToolCallFault.Unparseable;
        if (offered.FirstOrDefault(t => t.Name == call.Name) is not { } tool) return ToolCallFault.UnknownTool;
        if (call.Name != wanted.Name) return ToolCallFault.WrongTool;
        string[] given = [.. call.Arguments.Select(a => a.Key)], needed = [.. wanted.Arguments.Select(a => a.Key)];
        bool isUnknown = given.Any(name => tool.Find(name) is null && !needed.Contains(name));
        bool isRedundant = given.Any(name => tool.Find(name) is not null && !needed.Contains(name));
        bool isMissing = needed.Any(name => !given.Contains(name));
        return (isUnknown, isRedundant, isMissing) switch
        {
            (true, true, true) => ToolCallFault.UnknownRedundantMissing,
            (true, true, false) or (true, false, true) => ToolCallFault.UnknownAndOther,
            (false, true, true) => ToolCallFault.RedundantAndMissing,
            (true, false, false) => ToolCallFault.UnknownArgument,
            (false, true, false) or (false, false, true) => ToolCallFault.RedundantOrMissing,
            _ => wanted.Arguments.All(a => ToolValues.AreEqual(call.Arguments[a.Key], a.Value)) ? ToolCallFault.None : ToolCallFault.WrongValue,
        };
    }

    /// <summary>What the category says about tool selection: whether the right tool was named.</summary>
    public static bool NamesRightTool(ToolCallFault fault) => fault > ToolCallFault.WrongTool;
}
