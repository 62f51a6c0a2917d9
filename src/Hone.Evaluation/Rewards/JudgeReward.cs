using System.Globalization;
using System.Text.RegularExpressions;
using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Evaluation.Rewards;

/// <summary>
/// A chat model that rates each output from 0 to 10, divided by 10. It is asked to end in a line <c>Rating: N</c>; the last such line
/// counts, else a reply that is a number alone. Anything else is "not judged".
/// </summary>
/// <param name="client">The judge; disposed with the reward.</param>
/// <param name="atOnce">Requests in flight.</param>
public sealed partial class JudgeReward(IChatClient client, int atOnce = 4) : IReward
{
    private const int Highest = 10;

    public string Name => "judge";

    public async ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<RewardItem> items, CancellationToken cancellation)
    {
        Score[] scores = new Score[items.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, items.Count), new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation }, async (i, stop) =>
        {
            ChatResponse reply = await client.GetResponseAsync(Prompt(items[i]), new ChatOptions { Temperature = 0, MaxOutputTokens = 256 }, stop).ConfigureAwait(false);
            scores[i] = Parse(reply.Text);
        }).ConfigureAwait(false);
        return scores;
    }

    /// <summary>The rating in a judge's reply.</summary>
    internal static Score Parse(string reply)
    {
        Match match = Rating().Match(reply);
        string text = match.Success ? match.Groups[1].Value : reply.Trim();
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double rating)) return Score.CannotJudge($"no rating in '{reply.Trim()}'");
        return rating > Highest ? Score.CannotJudge($"a rating of {rating} is above {Highest}") : new Score(rating / Highest);
    }

    public void Dispose() => client.Dispose();

    private static List<ChatMessage> Prompt(RewardItem item)
    {
        string reference = item.Row.OptionalText("answer") is { } answer ? $"\n\nReference answer:\n{answer}" : "";
        return
        [
            new(ChatRole.System, "You rate answers. Judge only how correct, complete and helpful the answer is, not its length or style."),
            new(ChatRole.User, $"Question:\n{item.Prompt}{reference}\n\nAnswer to rate:\n{item.Output}\n\nSay in one or two sentences what is good and what is wrong. "
                + $"Then end with a line of the form \"Rating: N\", where N is a whole number from 0 (useless) to {Highest} (perfect)."),
        ];
    }

    [GeneratedRegex(@"[Rr]ating\W{0,4}(\d+(?:\.\d+)?)", RegexOptions.RightToLeft)]
    private static partial Regex Rating();
}
