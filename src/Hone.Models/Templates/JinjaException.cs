using Hone.Core;

namespace Hone.Models.Templates;

/// <summary>What went wrong in a template, named as the reference implementation names its exception classes.</summary>
public enum JinjaErrorKind
{
    /// <summary>The template's text is not valid.</summary>
    TemplateSyntaxError,

    /// <summary>A filter or test that does not exist.</summary>
    TemplateAssertionError,

    /// <summary>The template called <c>raise_exception</c>.</summary>
    TemplateError,

    /// <summary>A statement that cannot be carried out, such as setting an attribute of something that is no namespace.</summary>
    TemplateRuntimeError,

    /// <summary>A name or attribute that is not defined was used.</summary>
    UndefinedError,

    /// <summary>The sandbox forbids it.</summary>
    SecurityError,

    /// <summary>An operation on values of the wrong type.</summary>
    TypeError,

    /// <summary>A value of the right type that is not acceptable.</summary>
    ValueError,

    /// <summary>A position beyond the end of what was given.</summary>
    IndexError,

    /// <summary>A key that was not given.</summary>
    KeyError,

    /// <summary>An argument a filter does not take.</summary>
    FilterArgumentError,

    /// <summary>A condition of a filter that does not hold.</summary>
    AssertionError,

    /// <summary>Division by zero.</summary>
    ZeroDivisionError,

    /// <summary>A range that is too long, or a number that is too large.</summary>
    OverflowError,

    /// <summary>Steps, depth, text or output beyond <see cref="TemplateLimits"/>.</summary>
    LimitError,
}

/// <summary>
/// An error of a template with its place. Users see it inside a <see cref="HoneException"/>, whose inner exception it is.
/// </summary>
public sealed class JinjaException : Exception
{
    internal JinjaException(JinjaErrorKind kind, string detail, int line = 0, int column = 0) : base(detail)
    {
        Kind = kind;
        Line = line;
        Column = column;
    }

    /// <summary>The class of error.</summary>
    public JinjaErrorKind Kind { get; }

    /// <summary>1-based line in the template; 0 while unknown.</summary>
    public int Line { get; }

    /// <summary>1-based column in UTF-16 units; 0 while unknown.</summary>
    public int Column { get; }

    internal JinjaException At(Position position) =>
        Line > 0 ? this : new JinjaException(Kind, Message, position.Line, position.Column);

    internal static JinjaException Type(string message) => new(JinjaErrorKind.TypeError, message);

    internal static JinjaException Value(string message) => new(JinjaErrorKind.ValueError, message);

    internal static JinjaException Limit(string message) => new(JinjaErrorKind.LimitError, message);

    internal static JinjaException Syntax(string message, Position position) =>
        new(JinjaErrorKind.TemplateSyntaxError, message, position.Line, position.Column);
}

/// <summary>A place in a template, both counted from 1.</summary>
internal readonly record struct Position(int Line, int Column);
