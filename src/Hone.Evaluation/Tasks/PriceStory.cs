namespace Hone.Evaluation.Tasks;

/// <summary>Shopping with unit prices: "The pens cost 4 dollars each. Ann buys 6 pens. She pays with 50 dollars. …"</summary>
internal static class PriceStory
{
    /// <summary>Writes a story of k ≥ 1 steps. False when the amounts leave no room for a last step.</summary>
    public static bool Write(StoryWriter story, int k)
    {
        int total = First(story, ref k);
        bool asksChange = k > 0 && story.Random.Next(2) == 0;
        if (asksChange) k--;
        for (int next = 1; k > 0; next++)
        {
            int before = story.Steps.Count;
            if (!More(story, k, next, ref total)) return false;
            k -= story.Steps.Count - before;
        }
        return asksChange ? AskChange(story, total) : AskTotal(story);
    }

    private static int First(StoryWriter story, ref int k)
    {
        if (k >= 2 && story.Random.Next(4) == 0)
        {
            k -= 2;
            return UnitPrice(story);
        }
        k--;
        int x = story.Random.Next(2, 13), b = story.Factor(x);
        story.Say(story.Random.Next(3) > 0 ? Templates.PriceThenCount : Templates.CountForPrice, new(X: x, B: b));
        return story.Step(x, '*', b);
    }

    private static int UnitPrice(StoryWriter story)
    {
        int price = story.Random.Next(2, 10), many = story.Factor(price), count = story.Factor(price);
        story.Say(Templates.UnitPrice, new(X: price * many, B: many, C: count));
        return story.Step(story.Step(price * many, '/', many), '*', count);
    }

    private static bool More(StoryWriter story, int k, int next, ref int total)
    {
        List<char> choices = [];
        if (story.CanAdd(total)) choices.Add('+');
        if (StoryWriter.CanSubtract(total)) choices.Add('-');
        if (k >= 2 && total + 4 <= story.MaxValue) choices.AddRange("**");
        char choice = story.Random.Choose(choices);
        if (choice == '*') return AnotherKind(story, next, ref total);
        int b = choice == '+' ? story.Addend(total) : story.Subtrahend(total);
        story.Say(choice == '+' ? Templates.AlsoOne : Templates.Off, new(B: b, Thing: story.Random.Choose(Lexicon.SingleThings)));
        total = story.Step(total, choice, b);
        return true;
    }

    private static bool AnotherKind(StoryWriter story, int next, ref int total)
    {
        int room = story.MaxValue - total;
        int count = story.Random.Next(2, Math.Min(12, room / 2) + 1);
        int price = story.Random.Next(2, Math.Min(9, room / count) + 1);
        story.Say(Templates.AlsoBuys, new(X: count, B: price, Item: story.Items[next]));
        total = story.Step(total, '+', story.Step(count, '*', price));
        return true;
    }

    private static bool AskChange(StoryWriter story, int total)
    {
        bool canHalve = total % 2 == 0 && total >= 4, canPay = total + 2 <= story.MaxValue;
        if (!canHalve && !canPay) return false;
        if (canPay && (!canHalve || story.Random.Next(3) > 0))
        {
            int paid = story.Random.Next(total + 2, story.MaxValue + 1);
            story.Say(Templates.AskBack, new(B: paid));
            story.Step(paid, '-', total);
            return true;
        }
        story.Say(Templates.AskHalf, new());
        story.Step(total, '/', 2);
        return true;
    }

    private static bool AskTotal(StoryWriter story)
    {
        story.Say(Templates.AskPay, new());
        return true;
    }
}
