using System.Text;
using Hone.Core.ToolCalls;

namespace Hone.Methods.TlTraining;

/// <summary>
/// A trajectory as text: tools as Python functions without bodies, then <c>Role: text</c> for every turn, and <c>Assistant:</c> where the
/// model goes on.
/// </summary>
public static class TlPrompt
{
    private const string Instruction = "Answer the user by calling the functions below, one call at a time, written name(argument=\"value\").";

    /// <summary>Everything before a turn.</summary>
    /// <param name="trajectory">The conversation.</param>
    /// <param name="turn">Index of the turn that comes next.</param>
    public static string Before(Trajectory trajectory, int turn)
    {
        StringBuilder text = new("System: ");
        string[] system = [.. trajectory.Turns.Take(turn).Where(t => t.Speaker == Speaker.System).Select(t => t.Text)];
        text.Append(system.Length > 0 ? string.Join('\n', system) : Instruction);
        foreach (ToolDocument tool in trajectory.Tools) text.Append("\n\n").Append(PythonCalls.Stub(tool));
        text.Append('\n');
        foreach (Turn said in trajectory.Turns.Take(turn).Where(t => t.Speaker != Speaker.System)) text.Append('\n').Append(Name(said.Speaker)).Append(": ").Append(said.Text);
        return text.Append("\nAssistant:").ToString();
    }

    private static string Name(Speaker speaker) => speaker switch { Speaker.User => "User", Speaker.Assistant => "Assistant", Speaker.Tool => "Output", _ => "System" };
}
