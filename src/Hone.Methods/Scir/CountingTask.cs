using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Text;
using Hone.Training.Batching;

namespace Hone.Methods.Scir;

/// <summary>
/// The task of the small experiment: count on from a number, digit by digit. How good an answer is can be counted, the share of right
/// places, so the true preference between two answers costs nothing.
/// </summary>
internal static class CountingTask
{
    public const int Digits = 6;

    /// <summary>The judge's question, in a form a tiny model can learn.</summary>
    public const string JudgeTemplate = "{{prompt}}/{{a}}/{{b}}";

    private const float VerdictWeight = 4; // one token against the seven of an answer

    /// <summary>Rows with a question: two digits, of which the second is counted on from.</summary>
    public static List<Row> Rows(RandomStream random, int count) => [.. Enumerable.Range(0, count).Select(i =>
        new Row($"{i}", new JsonObject { ["question"] = $"{random.Next(10)}{random.Next(10)}" }))];

    /// <summary>Share of places where the answer has the right digit, 0 to 1; missing and surplus digits count as wrong.</summary>
    public static double Quality(string question, string answer)
    {
        string right = Solution(question);
        answer = answer.Trim();
        int places = Math.Max(right.Length, answer.Length);
        return Enumerable.Range(0, Math.Min(right.Length, answer.Length)).Count(i => right[i] == answer[i]) / (double)places;
    }

    /// <summary>1 where the first answer is better, −1 for the second, 0 for a tie.</summary>
    public static int Compare(Row row, string first, string second) =>
        Quality(row.Text("question"), first).CompareTo(Quality(row.Text("question"), second));

    /// <summary>The right answer.</summary>
    public static string Solution(string question) => string.Concat(Enumerable.Range(0, Digits).Select(i => (char)('0' + (question[^1] - '0' + i) % 10)));

    /// <summary>A solution with mistakes: each digit is replaced with probability <paramref name="noise"/>.</summary>
    public static string Noisy(string question, double noise, RandomStream random) =>
        string.Concat(Solution(question).Select(c => random.NextDouble() < noise ? (char)('0' + random.Next(10)) : c));

    /// <summary>
    /// What the start model learns from: solutions with mistakes, and verdicts on two such solutions, of which a share is wrong, half and
    /// half.
    /// </summary>
    public static TrainingExample Example(ModelText text, RandomStream random, double noise, double flipped)
    {
        string question = Rows(random, 1)[0].Text("question");
        if (random.Next(2) == 0) return Judgement(text, question, random, noise, flipped);
        TokenizedCompletion tokens = text.QuestionAndAnswer(question, Noisy(question, noise, random));
        return new(TrainingSequence.FromPrompt(tokens.Ids, tokens.PromptTokens));
    }

    private static TrainingExample Judgement(ModelText text, string question, RandomStream random, double noise, double flipped)
    {
        JudgePrompt judge = new(text, JudgeTemplate);
        string a, b;
        do
        {
            (a, b) = (Noisy(question, 2 * noise * random.NextDouble(), random), Noisy(question, 2 * noise * random.NextDouble(), random));
        }
        while (Quality(question, a) == Quality(question, b));
        bool isFirst = Quality(question, a) > Quality(question, b) != random.NextDouble() < flipped;
        int[] prompt = judge.Tokens(question, a, b);
        float[] weights = new float[prompt.Length + 1];
        weights[^1] = VerdictWeight;
        return new(new TrainingSequence([.. prompt, isFirst ? judge.FirstId : judge.SecondId], weights));
    }
}
