namespace Hone.Evaluation.Tasks;

/// <summary>One person whose number of things changes step by step: "Ann has 38 cups. She gives half of the cups to Ben. …"</summary>
internal static class ChainStory
{
    /// <summary>Writes a story of k ≥ 1 steps.</summary>
    public static bool Write(StoryWriter story, int k)
    {
        int x = Start(story, k, out int left);
        for (; left > 0; left--) x = Change(story, x);
        story.Say(Templates.AskNow, new());
        return true;
    }

    private static int Start(StoryWriter story, int k, out int left)
    {
        left = k;
        if (story.Random.Next(4) > 0)
        {
            int x = story.Value();
            story.Say(Templates.Start, new(X: x));
            return x;
        }
        int groups = story.Random.Next(2, 10), each = story.Factor(groups);
        story.Say(Templates.StartGroups, new(X: groups, B: each));
        left--;
        return story.Step(groups, '*', each);
    }

    private static int Change(StoryWriter story, int x)
    {
        int[] divisors = StoryWriter.Divisors(x);
        List<char> ops = [];
        if (story.CanAdd(x)) ops.Add('+');
        if (StoryWriter.CanSubtract(x)) ops.Add('-');
        if (story.CanMultiply(x)) ops.Add('*');
        if (divisors.Length > 0) ops.Add('/');
        char op = story.Random.Choose(ops);
        int b = op switch
        {
            '+' => story.Addend(x),
            '-' => story.Subtrahend(x),
            '*' => story.Factor(x),
            _ => story.Random.Choose(divisors),
        };
        story.Say(SetOf(story, op, b), new(B: b));
        return story.Step(x, op, b);
    }

    private static TemplateSet SetOf(StoryWriter story, char op, int b) => op switch
    {
        '+' => Templates.Add,
        '-' => Templates.Subtract,
        '*' => b == 2 && story.Random.Next(4) > 0 ? Templates.Double : Templates.Multiply,
        _ => b == 2 && story.Random.Next(4) > 0 ? Templates.Halve : Templates.Divide,
    };
}
