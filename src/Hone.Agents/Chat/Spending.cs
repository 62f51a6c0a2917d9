using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Agents.Chat;

/// <summary>What the calls of a client have used, and the limits on it. Thread-safe.</summary>
public sealed class Spending
{
    private const double CharactersPerToken = 3; // short of what English needs, so that an estimate errs on the dear side

    private readonly ChatEndpointOptions options;
    private readonly Lock gate = new();
    private long reserved;

    internal Spending(ChatEndpointOptions options) => this.options = options;

    /// <summary>Calls that were answered.</summary>
    public long Calls { get; private set; }

    /// <summary>Tokens read.</summary>
    public long InputTokens { get; private set; }

    /// <summary>Tokens generated.</summary>
    public long OutputTokens { get; private set; }

    /// <summary>Calls whose server told no usage: their tokens are estimated from the length of the texts.</summary>
    public long Estimated { get; private set; }

    /// <summary>Cost so far, in the currency of the prices.</summary>
    public double Money => (InputTokens * options.InputPrice + OutputTokens * options.OutputPrice) / 1e6;

    /// <summary>Whether the budget allows no further call.</summary>
    public bool IsExhausted => InputTokens + OutputTokens >= options.TokenBudget || Money >= options.MoneyBudget;

    /// <summary>
    /// Sets tokens aside for a call: its prompt by estimate, its reply by the most it may have. Calls that run at the same time
    /// thus cannot overrun the budget together.
    /// </summary>
    /// <exception cref="HoneException">They are more than is left.</exception>
    internal long Reserve(IEnumerable<ChatMessage> messages, ChatOptions? chat)
    {
        long input = Estimate(messages), output = chat?.MaxOutputTokens ?? 0;
        lock (gate)
        {
            long tokens = InputTokens + OutputTokens + reserved + input + output;
            if (tokens > options.TokenBudget)
                throw new HoneException($"the budget of {options.TokenBudget} tokens does not allow this call: {InputTokens + OutputTokens} are used, {reserved} are being used, the call may take {input + output}.");
            double money = Money + (reserved + output) * options.OutputPrice / 1e6 + input * options.InputPrice / 1e6;
            if (money > options.MoneyBudget)
                throw new HoneException(FormattableString.Invariant($"the budget of {options.MoneyBudget} does not allow this call: {Money:0.####} is spent, with it and what is running it could become {money:0.####}."));
            reserved += input + output;
        }
        return input + output;
    }

    internal void Add(long reservation, UsageDetails? usage, IEnumerable<ChatMessage> messages, IEnumerable<ChatMessage> reply)
    {
        lock (gate)
        {
            reserved -= reservation;
            Calls++;
            if (usage?.InputTokenCount is null || usage.OutputTokenCount is null) Estimated++;
            InputTokens += usage?.InputTokenCount ?? Estimate(messages);
            OutputTokens += usage?.OutputTokenCount ?? Estimate(reply);
        }
    }

    internal void Release(long reservation)
    {
        lock (gate) reserved -= reservation;
    }

    private static long Estimate(IEnumerable<ChatMessage> messages) =>
        messages.Sum(message => 4 + (long)Math.Ceiling(message.Text.Length / CharactersPerToken));
}
