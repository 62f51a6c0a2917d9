namespace Hone.Inference.Chat;

/// <summary>Whether the model is to call a tool.</summary>
/// <param name="Mode">The mode.</param>
/// <param name="Name">The tool, for <see cref="ToolMode.Named"/>.</param>
public readonly record struct ToolChoice(ToolMode Mode, string? Name = null);

/// <summary>Modes of <see cref="ToolChoice"/>.</summary>
public enum ToolMode
{
    /// <summary>As it likes.</summary>
    Auto,

    /// <summary>It is not told of the tools.</summary>
    None,

    /// <summary>It must call one; arguments meet the tool's schema.</summary>
    Required,

    /// <summary>It must call a certain one; arguments meet its schema.</summary>
    Named,
}
