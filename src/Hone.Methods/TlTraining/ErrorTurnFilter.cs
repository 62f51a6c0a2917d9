using Hone.Core;
using Hone.Core.ToolCalls;

namespace Hone.Methods.TlTraining;

/// <summary>
/// MAE, mitigating adverse effects: assistants' turns that a tool answered with an error are not learnt. They stay in the context of later
/// turns, so that recovering from an error is learnt and making it is not.
/// </summary>
public sealed class ErrorTurnFilter
{
    private readonly SortedDictionary<string, int> blocked = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<(ToolErrorKind Kind, string Cue)>? cues;
    private readonly bool trustsExecutor;

    /// <param name="cues">Words that report an error, as <see cref="ToolErrors.Normalise"/> leaves them; null for the default ones.</param>
    /// <param name="trustsExecutor">Go by what whoever ran the tool says, where it is said, rather than by words.</param>
    public ErrorTurnFilter(IReadOnlyList<(ToolErrorKind Kind, string Cue)>? cues = null, bool trustsExecutor = true) => (this.cues, this.trustsExecutor) = (cues, trustsExecutor);

    /// <summary>Turns that were blocked so far, by the reason.</summary>
    public IReadOnlyDictionary<string, int> Blocked => blocked;

    /// <summary>Words from a file, one on each line; lines that are empty or start with # are passed over.</summary>
    /// <exception cref="HoneException">The file is missing or names nothing.</exception>
    public static IReadOnlyList<(ToolErrorKind Kind, string Cue)> ReadCues(string path)
    {
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. Cues are words that report an error, one on each line.");
        List<(ToolErrorKind, string)> cues = [.. File.ReadLines(path).Where(l => !l.TrimStart().StartsWith('#')).Select(ToolErrors.Normalise).Where(l => l.Length > 0).Select(l => (ToolErrorKind.Reported, l))];
        return cues.Count > 0 ? cues : throw new HoneException($"{path}: holds no words. Give one on each line, or leave the option out for the default ones.");
    }

    /// <summary>Indices of the turns to learn, in order.</summary>
    public List<int> Accepted(Trajectory trajectory)
    {
        List<int> accepted = [];
        for (int i = 0; i < trajectory.Turns.Count; i++)
        {
            if (trajectory.Turns[i].Speaker != Speaker.Assistant) continue;
            if (Reason(trajectory, i) is { } reason) blocked[reason] = blocked.GetValueOrDefault(reason) + 1;
            else accepted.Add(i);
        }
        return accepted;
    }

    /// <summary>Why a turn is not learnt; null where it is. A call that nothing answered is learnt only as the last turn.</summary>
    private string? Reason(Trajectory trajectory, int index)
    {
        IReadOnlyList<Turn> turns = trajectory.Turns;
        if (turns[index].Call is null) return null;
        // Several calls of one message are answered one by one behind all of them.
        int first = index, behind = index;
        while (first > 0 && turns[first - 1].Call is not null) first--;
        while (behind < turns.Count && turns[behind].Call is not null) behind++;
        int answer = behind + index - first;
        if (answer >= turns.Count) return index == turns.Count - 1 ? null : "unanswered";
        Turn reply = turns[answer];
        if (reply.Speaker != Speaker.Tool) return "unanswered";
        if (trustsExecutor && reply.Failed is { } failed) return failed ? Name(ToolErrorKind.Reported) : null;
        return ToolErrors.Find(reply.Text, cues) is { } kind ? Name(kind) : null;
    }

    private static string Name(ToolErrorKind kind) => kind.ToString();
}
