using System.Text.RegularExpressions;

namespace Hone.Evaluation.Tasks;

/// <summary>
/// Splits the task's text into words, single digits and marks, and collects the closed list of them from the grammar itself.
/// </summary>
public static partial class WordProblemVocabulary
{
    /// <summary>Words, single digits, line ends and marks of a text, in order; spaces are dropped.</summary>
    public static IReadOnlyList<string> Split(string text) => [.. Token().Matches(text).Select(m => m.Value)];

    internal static IReadOnlyList<string> Collect()
    {
        SortedSet<string> words = new(StringComparer.Ordinal);
        foreach (string template in Templates.All.SelectMany(set => set.All)) words.UnionWith(Split(Placeholder().Replace(template, " ")));
        foreach (Person person in Lexicon.People.Concat(Lexicon.UnseenPeople))
            words.UnionWith([person.Name, person.Subject, person.Subject.ToLowerInvariant(), person.Object]);
        words.UnionWith(Lexicon.Items);
        words.UnionWith(Lexicon.SingleThings);
        words.UnionWith(Split(WordProblem.AnswerMark));
        words.UnionWith(Split("0 1 2 3 4 5 6 7 8 9 + - * / ="));
        return [.. words];
    }

    [GeneratedRegex(@"[A-Za-z]+|[0-9]|\n|[^\sA-Za-z0-9]")]
    private static partial Regex Token();

    [GeneratedRegex(@"\{\w\}")]
    private static partial Regex Placeholder();
}
