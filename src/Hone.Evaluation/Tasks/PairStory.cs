namespace Hone.Evaluation.Tasks;

/// <summary>
/// Two people with numbers of their own, changes to either, then a question about one of them: "Ann has 12 cups. Ben has 7 cups.
/// Ben finds 5 cups. How many cups does Ben have now?" Whatever happens to the other one is no step of the solution, so every
/// line can only be got right by telling the two apart.
/// </summary>
internal static class PairStory
{
    /// <summary>Writes a story of k ≥ 1 steps.</summary>
    public static bool Write(StoryWriter story, int k)
    {
        int[] values = [story.Value(), story.Value()];
        story.Say(Templates.Start, new(X: values[0]));
        story.Say(Templates.Start, new(X: values[1], Swap: true));
        int asked = story.Random.Next(2), idleAt = story.Random.Next(2) == 0 ? story.Random.Next(k + 1) : -1;
        for (int step = 0; step < k; step++)
        {
            if (step == idleAt) Idle(story, values[1 - asked], swap: asked == 0);
            values[asked] = Change(story, values[asked], swap: asked == 1);
        }
        if (idleAt == k) Idle(story, values[1 - asked], swap: asked == 0);
        story.Say(Templates.AskNow, new(Swap: asked == 1));
        return true;
    }

    private static int Change(StoryWriter story, int x, bool swap)
    {
        (TemplateSet set, char op, int b) = Draw(story, x);
        story.Say(set, new(B: b, Swap: swap));
        Person owner = swap ? story.Other : story.Main;
        return story.Step(x, op, b, owner, owner);
    }

    private static void Idle(StoryWriter story, int x, bool swap)
    {
        (TemplateSet set, _, int b) = Draw(story, x);
        story.Say(set, new(B: b, Swap: swap));
    }

    /// <summary>A change that keeps the number in bounds.</summary>
    internal static (TemplateSet Set, char Operator, int Operand) Draw(StoryWriter story, int x)
    {
        List<TemplateSet> choices = [];
        if (story.CanAdd(x)) choices.Add(Templates.OneGets);
        if (StoryWriter.CanSubtract(x)) choices.Add(Templates.OneLoses);
        if (story.CanMultiply(x)) choices.Add(Templates.OneDoubles);
        TemplateSet set = story.Random.Choose(choices);
        return set == Templates.OneGets ? (set, '+', story.Addend(x))
            : set == Templates.OneLoses ? (set, '-', story.Subtrahend(x))
            : (set, '*', 2);
    }
}
