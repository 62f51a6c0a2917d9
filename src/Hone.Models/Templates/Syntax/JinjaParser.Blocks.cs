namespace Hone.Models.Templates;

/// <summary>Statements that hold a block or make a name: set, macro, call, filter, with, block, generation.</summary>
internal sealed partial class JinjaParser
{
    private Statement ParseSet(Position position)
    {
        Target target = ParseTarget(allowsTuple: true, allowsNamespace: true, "");
        if (SkipOperator("="))
        {
            SetStatement assignment = new(position, target, ParseTuple(withCondition: true));
            ExpectBlockEnd();
            return assignment;
        }
        FilterExpression? filter = Current.IsOperator("|") ? (FilterExpression?)ParseFilters(null) : null;
        SetBlockStatement block = new(position, target, filter, ParseBodyUntil("endset"));
        ExpectBlockEnd();
        return block;
    }

    private MacroStatement ParseMacro(Position position)
    {
        string name = Expect(TokenKind.Name, "a macro name").Text;
        return new(position, ParseDefinition(name, "endmacro"));
    }

    private MacroDefinition ParseDefinition(string name, string end, bool hasSignature = true)
    {
        List<(string, Expression?)> parameters = hasSignature ? ParseSignature() : [];
        (int outerLoops, loopDepth) = (loopDepth, 0);
        namesRead.Push([]);
        List<Statement> body = ParseBodyUntil(end);
        ExpectBlockEnd();
        HashSet<string> read = namesRead.Pop();
        namesRead.Peek().UnionWith(read);
        loopDepth = outerLoops;
        bool Uses(string special) => read.Contains(special) && parameters.TrueForAll(p => p.Item1 != special);
        return new(name, parameters, body, Uses("caller"), Uses("kwargs"), Uses("varargs"));
    }

    private List<(string, Expression?)> ParseSignature()
    {
        List<(string, Expression?)> parameters = [];
        ExpectOperator("(");
        while (!SkipOperator(")"))
        {
            if (parameters.Count > 0) ExpectOperator(",");
            if (SkipOperator(")")) break;
            JinjaToken name = Expect(TokenKind.Name, "a parameter name");
            Expression? fallback = SkipOperator("=") ? ParseExpression() : null;
            if (fallback is null && parameters.Count > 0 && parameters[^1].Item2 is not null)
                throw JinjaException.Syntax("non-default argument follows default argument", name.Position);
            parameters.Add((name.Text, fallback));
        }
        return parameters;
    }

    private CallBlockStatement ParseCallBlock(Position position)
    {
        bool hasSignature = Current.IsOperator("(");
        List<(string, Expression?)> parameters = hasSignature ? ParseSignature() : [];
        Position callPosition = Current.Position;
        if (ParseExpression() is not CallExpression call) throw JinjaException.Syntax("expected call", callPosition);
        MacroDefinition body = ParseDefinition("caller", "endcall", hasSignature: false);
        return new(position, call, body with { Parameters = parameters });
    }

    private FilterBlockStatement ParseFilterBlock(Position position)
    {
        FilterExpression filter = (FilterExpression)ParseFilters(null, startsInline: true)!;
        FilterBlockStatement block = new(position, filter, ParseBodyUntil("endfilter"));
        ExpectBlockEnd();
        return block;
    }

    private WithStatement ParseWith(Position position)
    {
        List<(Target, Expression)> bindings = [];
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (bindings.Count > 0) ExpectOperator(",");
            Target target = ParseTarget(allowsTuple: false, allowsNamespace: false, "");
            ExpectOperator("=");
            bindings.Add((target, ParseExpression()));
        }
        WithStatement block = new(position, bindings, ParseBodyUntil("endwith"));
        ExpectBlockEnd();
        return block;
    }

    // Without inheritance a block is its own content.
    private WithStatement ParseBlock(Position position)
    {
        Expect(TokenKind.Name, "a block name");
        while (SkipName("scoped") || SkipName("required")) { }
        List<Statement> body = ParseBodyUntil("endblock");
        if (Current.Kind == TokenKind.Name) Take();
        ExpectBlockEnd();
        return new(position, [], body);
    }

    private GenerationStatement ParseGeneration(Position position)
    {
        hasGeneration = true;
        (int outerLoops, loopDepth) = (loopDepth, 0);
        GenerationStatement block = new(position, ParseBodyUntil("endgeneration"));
        loopDepth = outerLoops;
        ExpectBlockEnd();
        return block;
    }

    private JumpStatement ParseJump(JinjaToken tag)
    {
        if (loopDepth == 0) throw JinjaException.Syntax($"'{tag.Text}' outside loop", tag.Position);
        ExpectBlockEnd();
        return new(tag.Position, tag.Text == "break" ? Flow.Break : Flow.Continue);
    }

    private LoaderStatement ParseLoader(JinjaToken tag)
    {
        while (Current.Kind is not (TokenKind.BlockEnd or TokenKind.End)) Take();
        ExpectBlockEnd();
        return new(tag.Position, tag.Text);
    }
}
