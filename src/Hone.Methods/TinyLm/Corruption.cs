using Hone.Core;
using Hone.Evaluation.Tasks;

namespace Hone.Methods.TinyLm;

/// <summary>Makes a wrong solution out of a right one: one number of one line is changed, and the answer follows the last line.</summary>
internal static class Corruption
{
    public static string Corrupt(WordProblem problem, RandomStream random)
    {
        int line = random.Next(problem.Steps.Count);
        string[] lines = problem.Rationale.Split('\n');
        string[] parts = lines[line].Split(' '); // x op y = z, maybe with names before the numbers
        int[] numbers = [.. Enumerable.Range(0, parts.Length).Where(i => char.IsAsciiDigit(parts[i][0]))];
        int place = numbers[random.Next(numbers.Length)];
        int value = int.Parse(parts[place]);
        parts[place] = Different(value, random).ToString();
        lines[line] = string.Join(' ', parts);
        string last = lines[^1].Split(' ')[^1];
        return string.Join('\n', lines) + "\n" + WordProblem.AnswerMark + last;
    }

    private static int Different(int value, RandomStream random)
    {
        int other = Math.Max(2, value + (random.Next(2) == 0 ? -1 : 1) * random.Next(1, 10));
        return other == value ? value + 1 : other;
    }
}
