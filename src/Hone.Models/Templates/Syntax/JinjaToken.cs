namespace Hone.Models.Templates;

internal enum TokenKind
{
    Text,
    OutputBegin,
    OutputEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <summary>A piece of a template: for text and strings the text meant, otherwise the characters as written.</summary>
internal readonly record struct JinjaToken(TokenKind Kind, string Text, Position Position)
{
    public bool Is(TokenKind kind, string text) => Kind == kind && Text == text;

    public bool IsName(string name) => Is(TokenKind.Name, name);

    public bool IsOperator(string symbol) => Is(TokenKind.Operator, symbol);

    /// <summary>For messages.</summary>
    public string Describe() => Kind switch
    {
        TokenKind.End => "end of template",
        TokenKind.OutputEnd => "end of print statement",
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.Text => "text",
        _ => $"'{Text}'",
    };
}
