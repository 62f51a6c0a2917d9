namespace Hone.Evaluation.Tasks;

/// <summary>
/// Two people, one described by comparison with the other, then changes to either, then a question about one or both:
/// "Ann has 12 cups. Ben has 3 more cups than Ann. How many cups do they have together?"
/// </summary>
internal static class ComparisonStory
{
    /// <summary>Writes a story of k ≥ 1 steps. False when its numbers allow no question of the kind that was drawn.</summary>
    public static bool Write(StoryWriter story, int k)
    {
        int main = story.Value();
        story.Say(Templates.Start, new(X: main));
        int other = Compare(story, main);
        bool asksBoth = k > 1 && story.Random.Next(4) > 0;
        for (int left = k - (asksBoth ? 2 : 1); left > 0; left--)
        {
            // Where only the second person is asked for, a change to the first would be no step of the solution.
            if (asksBoth && story.Random.Next(2) == 0) main = Change(story, main, swap: false);
            else other = Change(story, other, swap: true);
        }
        if (asksBoth) return AskBoth(story, main, other);
        story.Say(Templates.AskNow, new(Swap: true));
        return true;
    }

    private static int Compare(StoryWriter story, int x)
    {
        List<TemplateSet> choices = [];
        if (story.CanAdd(x)) choices.Add(Templates.More);
        if (StoryWriter.CanSubtract(x)) choices.Add(Templates.Fewer);
        if (story.CanMultiply(x)) choices.AddRange([Templates.Twice, Templates.Times]);
        if (x % 2 == 0 && x >= 4) choices.Add(Templates.HalfAsMany);
        TemplateSet set = story.Random.Choose(choices);
        (char op, int b) =
            set == Templates.More ? ('+', story.Addend(x))
            : set == Templates.Fewer ? ('-', story.Subtrahend(x))
            : set == Templates.Times ? ('*', story.Factor(x))
            : set == Templates.Twice ? ('*', 2)
            : ('/', 2);
        story.Say(set, new(B: b));
        return story.Step(x, op, b, story.Other, story.Main);
    }

    private static int Change(StoryWriter story, int x, bool swap)
    {
        (TemplateSet set, char op, int b) = PairStory.Draw(story, x);
        story.Say(set, new(B: b, Swap: swap));
        Person owner = swap ? story.Other : story.Main;
        return story.Step(x, op, b, owner, owner);
    }

    private static bool AskBoth(StoryWriter story, int main, int other)
    {
        bool canSum = story.Fits(main + other), canSubtract = story.Fits(Math.Abs(main - other));
        if (canSum && (!canSubtract || story.Random.Next(2) == 0))
        {
            story.Step(main, '+', other, null, story.Main, story.Other);
            story.Say(Templates.AskTogether, new());
        }
        else if (canSubtract)
        {
            (Person more, Person fewer) = other > main ? (story.Other, story.Main) : (story.Main, story.Other);
            story.Step(Math.Max(main, other), '-', Math.Min(main, other), null, more, fewer);
            story.Say(Templates.AskDifference, new(Swap: other > main));
        }
        return canSum || canSubtract;
    }
}
