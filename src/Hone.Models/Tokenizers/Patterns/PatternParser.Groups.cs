namespace Hone.Models.Tokenizers.Patterns;

internal sealed partial class PatternParser
{
    private PatternNode? ParseGroup()
    {
        if (!TryTake("?"))
        {
            int index = ++Groups;
            return new GroupNode(Close(ParseChoice()), index);
        }
        if (TryTake(":")) return Close(ParseChoice());
        if (TryTake("=")) return new LookNode(Close(ParseChoice()), false, false);
        if (TryTake("!")) return new LookNode(Close(ParseChoice()), false, true);
        if (TryTake("<=")) return LookBehind(false);
        if (TryTake("<!")) return LookBehind(true);
        if (TryTake(">")) return new AtomicNode(Close(ParseChoice()));
        if (TryTake("#")) return SkipComment();
        if (TryTake("<") || TryTake("P<")) return NamedGroup();
        return ParseOptions();
    }

    private LookNode LookBehind(bool negative)
    {
        PatternNode body = Close(ParseChoice());
        if (body.Width.Max is < 0 or > 255) throw Error("a look-behind of unbounded length");
        return new LookNode(body, true, negative);
    }

    private GroupNode NamedGroup()
    {
        int end = text.IndexOf('>', position);
        if (end < 0) throw Error("a group name without its '>'");
        int index = ++Groups;
        names[text[position..end]] = index;
        position = end + 1;
        return new GroupNode(Close(ParseChoice()), index);
    }

    private PatternNode? SkipComment()
    {
        while (!AtEnd && text[position] != ')') position++;
        Close(new SequenceNode([]));
        return null;
    }

    /// <summary>(?i), (?m), (?x) and their negations, for the rest of the group or for a group of their own.</summary>
    private PatternNode ParseOptions()
    {
        (bool oldCase, bool oldDot, bool oldExtended) = (ignoreCase, dotAll, extended);
        bool value = true;
        for (; ; position++)
        {
            if (AtEnd) throw Error("a group that is not closed");
            char c = text[position];
            if (c == '-') value = false;
            else if (c == 'i') ignoreCase = value;
            else if (c is 'm' or 's') dotAll = value;
            else if (c == 'x') extended = value;
            else if (c is ':' or ')') break;
            else throw Error($"an unknown group type '(?{c}'");
        }
        bool wholeRest = text[position++] == ')';
        PatternNode body = ParseChoice();
        if (!wholeRest) Close(body);
        (ignoreCase, dotAll, extended) = (oldCase, oldDot, oldExtended);
        return body;
    }

    private PatternNode Close(PatternNode body)
    {
        if (!TryTake(")")) throw Error("a group that is not closed");
        return body;
    }
}
