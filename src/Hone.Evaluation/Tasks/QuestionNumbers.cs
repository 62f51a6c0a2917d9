using System.Globalization;
using System.Text.RegularExpressions;

namespace Hone.Evaluation.Tasks;

/// <summary>Whole numbers a question gives, in digits or in words such as twice, half or dozen.</summary>
internal static partial class QuestionNumbers
{
    private static readonly Dictionary<string, int> Words = new (string Word, int Number)[]
    {
        ("one", 1), ("two", 2), ("three", 3), ("four", 4), ("five", 5), ("six", 6), ("seven", 7), ("eight", 8), ("nine", 9),
        ("ten", 10), ("eleven", 11), ("twelve", 12), ("twice", 2), ("double", 2), ("doubles", 2), ("doubled", 2), ("half", 2),
        ("halves", 2), ("halved", 2), ("pair", 2), ("triple", 3), ("triples", 3), ("thrice", 3), ("third", 3), ("quarter", 4),
        ("dozen", 12),
    }.ToDictionary(w => w.Word, w => w.Number, StringComparer.OrdinalIgnoreCase);

    public static HashSet<int> Of(string question)
    {
        HashSet<int> numbers = [];
        foreach (Match match in Token().Matches(question))
        {
            if (int.TryParse(match.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number)) numbers.Add(number);
            else if (Words.TryGetValue(match.Value, out int word)) numbers.Add(word);
        }
        return numbers;
    }

    [GeneratedRegex(@"[0-9]+|[A-Za-z]+")]
    private static partial Regex Token();
}
