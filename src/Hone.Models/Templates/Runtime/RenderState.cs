namespace Hone.Models.Templates;

/// <summary>One rendering: what it has cost so far, where it is, what it has written, and the generation spans it has seen.</summary>
internal sealed class RenderState
{
    private readonly TemplateLimits limits;
    private readonly List<TextSpan>? spans;
    private readonly Stack<BoundedText> outer = new();
    private long steps;
    private long text;
    private int depth;
    private bool hasWritten;

    public RenderState(TemplateOptions options, bool trackSpans)
    {
        limits = options.Limits;
        Now = options.Now ?? DateTime.Now;
        spans = trackSpans ? [] : null;
        Output = new BoundedText(this);
    }

    public DateTime Now { get; }

    /// <summary>The place of the operation going on, for errors.</summary>
    public Position Position { get; set; }

    public BoundedText Output { get; private set; }

    public IReadOnlyList<TextSpan> Spans => spans ?? [];

    /// <summary>Counts work.</summary>
    /// <exception cref="JinjaException">More than the limit.</exception>
    public void Step(long count = 1)
    {
        steps += count;
        if (steps > limits.MaxSteps) throw JinjaException.Limit($"the template takes more than {limits.MaxSteps:N0} steps");
    }

    /// <summary>Counts characters made, and refuses a string longer than the limit.</summary>
    public void ChargeText(long characters, long total)
    {
        if (total > limits.MaxOutput) throw JinjaException.Limit($"a text grows beyond {limits.MaxOutput:N0} characters");
        text += characters;
        if (text > limits.MaxText) throw JinjaException.Limit($"the template makes more than {limits.MaxText:N0} characters of text");
    }

    /// <summary>A string value, charged.</summary>
    public JinjaString Text(string value)
    {
        ChargeText(value.Length, value.Length);
        return value.Length == 0 ? JinjaString.Empty : new JinjaString(value);
    }

    /// <summary>A list of at most as many items as there are steps left.</summary>
    public List<JinjaValue> Collect(IEnumerable<JinjaValue> items)
    {
        List<JinjaValue> list = [];
        foreach (JinjaValue item in items)
        {
            Step();
            list.Add(item);
        }
        return list;
    }

    public void Enter()
    {
        if (++depth > limits.MaxDepth) throw JinjaException.Limit($"nested more than {limits.MaxDepth} deep");
        StackGuard.Check();
    }

    public void Leave() => depth--;

    /// <summary>Writes to the current buffer.</summary>
    public void Write(string piece)
    {
        Output.Append(piece);
        hasWritten = true;
    }

    /// <summary>Runs <paramref name="body"/> with its output kept apart, and returns that output.</summary>
    public string Capture(Action body)
    {
        outer.Push(Output);
        Output = new BoundedText(this);
        bool had = hasWritten;
        try
        {
            body();
            return Output.ToString();
        }
        finally
        {
            Output = outer.Pop();
            hasWritten = had;
        }
    }

    /// <summary>
    /// Notes the output just to be written as a generation span. As in the reference, a block before anything else was
    /// written is not tracked.
    /// </summary>
    /// <exception cref="JinjaException">The block stands inside a macro, set or filter block: its place in the output is unknown.</exception>
    public void TrackGeneration(int length)
    {
        if (spans is null) return;
        if (outer.Count > 0)
            throw new JinjaException(JinjaErrorKind.TemplateRuntimeError, "a generation block inside a macro, call, set or filter block has no known place in the output");
        if (!hasWritten && spans.Count == 0) return;
        spans.Add(new TextSpan(Output.Length, Output.Length + length));
    }
}
