namespace Hone.Core;

/// <summary>
/// Something the user can mend: bad input, a bad option, a file that is not what it should be. The command line prints
/// the message as it is, without a stack, and exits with 2. A message names the value, the place, what was expected and
/// what to do next. Bugs are never wrapped in it: they keep their stack.
/// </summary>
public sealed class HoneException : Exception
{
    public HoneException(string message) : base(message) { }

    public HoneException(string message, Exception inner) : base(message, inner) { }

    /// <summary>A problem at a line of a file: <c>data/rows.jsonl:12: message</c>.</summary>
    public static HoneException At(string path, long line, string message) => new($"{path}:{line}: {message}");

    /// <summary>A name that is not known, with the known ones and the nearest of them.</summary>
    public static HoneException Unknown(string kind, string name, IEnumerable<string> known)
    {
        string[] names = [.. known.Order(StringComparer.Ordinal)];
        if (names.Length == 0) return new($"'{name}' is not a known {kind}: there are none.");
        string? near = Names.Nearest(name, names);
        string hint = near is null ? "" : $" Did you mean '{near}'?";
        return new($"'{name}' is not a known {kind}. Known: {string.Join(", ", names)}.{hint}");
    }
}
