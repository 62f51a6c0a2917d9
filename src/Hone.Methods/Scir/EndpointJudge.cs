using Hone.Core;
using Hone.Core.Chat;
using Microsoft.Extensions.AI;

namespace Hone.Methods.Scir;

/// <summary>
/// The generative reward from somewhere else: a chat endpoint is shown both answers, in both orders. Its verdict is read from the
/// log-probabilities of the first token of its reply where it gives them, and from eight sampled replies where it does not. A reply that is
/// no verdict leaves the pair at one half, so that it is never consistent.
/// </summary>
/// <param name="client">The judge.</param>
/// <param name="prompt">The question.</param>
/// <param name="seed">Of sampled verdicts.</param>
/// <param name="atOnce">Requests in flight.</param>
internal sealed class EndpointJudge(IChatClient client, JudgePrompt prompt, long seed, int atOnce = 4)
{
    private const int Top = 20, Samples = 8;
    private int unreadable;

    /// <summary>Questions that were not answered by a verdict.</summary>
    public int Unreadable => unreadable;

    /// <summary>The pairs with what the judge says of them.</summary>
    public List<ScirPair> Judge(IReadOnlyList<ScirPair> pairs, CancellationToken cancellation)
    {
        ScirPair[] judged = [.. pairs];
        Parallel.ForEachAsync(Enumerable.Range(0, pairs.Count), new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation }, async (i, stop) =>
        {
            ScirPair p = pairs[i];
            judged[i] = p with
            {
                Judged = (await AskAsync(p.Question, p.FirstText, p.SecondText, 2 * i, stop).ConfigureAwait(false), await AskAsync(p.Question, p.SecondText, p.FirstText, 2 * i + 1, stop).ConfigureAwait(false)),
            };
        }).GetAwaiter().GetResult();
        return [.. judged];
    }

    /// <summary>Log-odds of the answer shown first against the one shown second; 0 where the judge does not say.</summary>
    private async Task<double> AskAsync(string question, string a, string b, int number, CancellationToken stop)
    {
        ChatMessage[] messages = [new(ChatRole.User, prompt.Question(question, a, b))];
        ChatResponse reply = await client.GetResponseAsync(messages, LogProbs.Ask(new ChatOptions { Temperature = 0, MaxOutputTokens = 4, Seed = seed }, Top), stop).ConfigureAwait(false);
        double? odds = LogProbs.Of(reply) is { Count: > 0 } tokens ? Odds(tokens) : await SampleAsync(messages, number, stop).ConfigureAwait(false);
        if (odds is null) Interlocked.Increment(ref unreadable);
        return odds ?? 0;
    }

    /// <summary>From the likeliest tokens at the place of the verdict; one that is not among them is at most as likely as the last of them.</summary>
    private double? Odds(IReadOnlyList<TokenLogProb> tokens)
    {
        if (tokens.FirstOrDefault(t => t.Token.Trim().Length > 0) is not { } verdict) return null;
        (string Token, double LogProb)[] all = [.. verdict.Top, .. verdict.Top.Any(t => t.Token == verdict.Token) ? [] : new[] { (verdict.Token, verdict.LogProb) }];
        double Mass(string name) => all.Where(t => t.Token.Trim() == name).Sum(t => Math.Exp(t.LogProb));
        (double first, double second) = (Mass(prompt.First), Mass(prompt.Second));
        if (first == 0 && second == 0) return null;
        double least = all.Min(t => Math.Exp(t.LogProb));
        return Math.Log(Math.Max(first, least)) - Math.Log(Math.Max(second, least));
    }

    /// <summary>From the share of sampled verdicts, half a verdict added to each side.</summary>
    private async Task<double?> SampleAsync(ChatMessage[] messages, int number, CancellationToken stop)
    {
        (int first, int second) = (0, 0);
        for (int i = 0; i < Samples; i++)
        {
            ChatOptions options = new() { Temperature = 1, MaxOutputTokens = 4, Seed = unchecked(seed * 1_000_003 + (long)number * Samples + i) };
            string text = (await client.GetResponseAsync(messages, options, stop).ConfigureAwait(false)).Text.Trim();
            if (IsVerdict(text, prompt.First)) first++;
            else if (IsVerdict(text, prompt.Second)) second++;
        }
        return first + second == 0 ? null : Math.Log((first + 0.5) / (second + 0.5));
    }

    private static bool IsVerdict(string text, string verdict) =>
        text.StartsWith(verdict, StringComparison.Ordinal) && (text.Length == verdict.Length || !char.IsLetterOrDigit(text[verdict.Length]));
}
