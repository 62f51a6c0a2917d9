namespace Hone.Models.Templates;

/// <summary>How a template is rendered.</summary>
public sealed record TemplateOptions
{
    /// <summary>The defaults: the system's clock and <see cref="TemplateLimits.Default"/>.</summary>
    public static TemplateOptions Default { get; } = new();

    /// <summary>Local time that <c>strftime_now</c> sees; null reads the system's clock.</summary>
    public DateTime? Now { get; init; }

    /// <summary>What a template may cost.</summary>
    public TemplateLimits Limits { get; init; } = TemplateLimits.Default;
}

/// <summary>
/// Bounds that keep a hostile template from hanging or filling memory. The defaults are far above what real templates
/// need: a conversation of a thousand turns takes about a hundred thousand steps.
/// </summary>
public sealed record TemplateLimits
{
    /// <summary>The defaults.</summary>
    public static TemplateLimits Default { get; } = new();

    /// <summary>Expressions evaluated, statements executed and list items made or visited.</summary>
    public long MaxSteps { get; init; } = 5_000_000;

    /// <summary>Characters of all strings made along the way, the output included.</summary>
    public long MaxText { get; init; } = 128L << 20;

    /// <summary>Characters of one string, and of the output.</summary>
    public int MaxOutput { get; init; } = 16 << 20;

    /// <summary>Nesting of macro calls, recursive loops and printed values.</summary>
    public int MaxDepth { get; init; } = 200;
}
