using System.Text;
using System.Text.Json.Nodes;
using Hone.Core.ToolCalls;
using Hone.Inference.Constrained;

namespace Hone.Inference.Chat;

/// <summary>
/// A whole reply that may call tools when the model likes: text is free until a call begins as the format marks it; from there on it is a call of
/// one of the tools, whose arguments meet the tool's schema where the tool is strict, until the call is closed.
/// </summary>
/// <param name="tools">Tools on offer.</param>
/// <param name="form">What a reply without calls must look like; null for anything.</param>
/// <param name="isSingle">Whether a reply holds one call at most.</param>
internal sealed class CallGrammar(JsonArray tools, Grammar? form, bool isSingle)
{
    private const string HermesMark = "<tool_call>", HermesEnd = "</tool_call>", Think = "<think>", Thought = "</think>", MistralMark = "[TOOL_CALLS]", Fence = "```";

    // As much white space as models put around calls; where nothing else may come, more would let them write it without end.
    private const int MostSpace = 2;

    private readonly ByteNet net = new();
    private int end, call;

    /// <summary>The grammar for replies in a format.</summary>
    public Grammar Of(ToolCallFormat format)
    {
        int root = net.AddRule("reply"), start = net.Rules[root].Start;
        end = net.Rules[root].End;
        Grammar one = Grammar.FromJsonSchema(ToolCallForm.Schema(format, tools, name: null, strictOnly: true), JsonGrammarOptions.Spaced);
        call = net.Include(one.Net);
        if (form is not null) net.Call(start, net.Include(form.Net), end);
        switch (format)
        {
            case ToolCallFormat.Hermes: Hermes(start); break;
            case ToolCallFormat.Mistral: Mistral(start); break;
            case ToolCallFormat.Llama3: Bare(start, lists: false); break;
            default: Bare(start, lists: true); break;
        }
        return Grammar.FromNet(net, "a reply with calls of these tools", [.. one.Contradictions, .. form?.Contradictions ?? []]);
    }

    private void Hermes(int start)
    {
        int opened = net.AddState();
        int text = Text(start, HermesMark, opened);
        if (form is null)
        {
            // Thinking in front is not searched for calls; it must end, or what is in it would be.
            int thinking = net.AddState();
            net.Literal(Space(start, any: true), Encoding.UTF8.GetBytes(Think), thinking);
            Mark(thinking, Thought, text, mayEnd: false);
        }
        int called = net.AddState(), closed = net.AddState();
        net.Call(Space(opened), call, called);
        net.Literal(Space(called), Encoding.UTF8.GetBytes(HermesEnd), closed);
        if (!isSingle && form is null) net.Silent(closed, text);
        else net.Silent(Space(closed), end);
        if (!isSingle && form is not null) net.Literal(Space(closed), Encoding.UTF8.GetBytes(HermesMark), opened);
    }

    private void Mistral(int start)
    {
        int opened = net.AddState();
        Text(start, MistralMark, opened);
        net.Silent(Space(List(Space(opened))), end);
    }

    /// <summary>Calls without a mark: a reply that begins like a JSON object (or list) is one.</summary>
    private void Bare(int start, bool lists)
    {
        int first = Space(start, any: form is null);
        net.Silent(Space(Calls(first, lists)), end);
        if (form is not null) return;
        net.Silent(first, end);
        int text = net.AddState();
        Except(first, lists ? " \t\r\n{[`"u8 : " \t\r\n{"u8, text);
        Anything(text);
        if (lists) Fenced(first, text);
    }

    /// <summary>Calls as a code block; a block that begins otherwise is text.</summary>
    private void Fenced(int first, int text)
    {
        int from = first;
        for (int i = 0; i < Fence.Length; i++)
        {
            int tick = net.AddState();
            net.Read(from, (byte)'`', (byte)'`', tick);
            net.Silent(tick, end);
            if (i < Fence.Length - 1) Except(tick, "`"u8, text);
            from = tick;
        }
        Except(from, "\n"u8, from);
        int line = net.AddState();
        net.Read(from, (byte)'\n', (byte)'\n', line);
        int inside = Space(line, any: true), closed = net.AddState();
        net.Silent(inside, end);
        Except(inside, " \t\r\n{["u8, text);
        net.Literal(Space(Calls(inside, lists: true)), Encoding.UTF8.GetBytes(Fence), closed);
        net.Silent(Space(closed), end);
    }

    /// <summary>Calls as Llama 3 has them, or one or a list of them; gives the state behind them.</summary>
    private int Calls(int from, bool lists)
    {
        int after = net.AddState();
        net.Call(from, call, after);
        if (lists) net.Silent(List(from), after);
        else if (!isSingle)
        {
            int semicolon = net.AddState();
            net.Silent(Space(after), semicolon);
            net.Read(Space(after), (byte)';', (byte)';', semicolon);
            net.Call(Space(semicolon), call, after);
        }
        return after;
    }

    private int List(int from)
    {
        (int item, int after, int closed) = (net.AddState(), net.AddState(), net.AddState());
        net.Read(from, (byte)'[', (byte)'[', item);
        net.Call(item, call, after);
        if (!isSingle) net.Literal(after, ", "u8, item);
        net.Read(after, (byte)']', (byte)']', closed);
        return closed;
    }

    /// <summary>Free text up to a mark; with a form only white space, for the text is the form's. Gives the state in which text goes on.</summary>
    private int Text(int start, string mark, int found)
    {
        if (form is null) return Mark(start, mark, found, mayEnd: true);
        net.Literal(Space(start), Encoding.UTF8.GetBytes(mark), found);
        return start;
    }

    /// <summary>Any bytes until a mark is complete, by the automaton of Knuth, Morris and Pratt. Gives its first state.</summary>
    private int Mark(int start, string mark, int found, bool mayEnd)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(mark);
        int[] states = [.. bytes.Select(_ => net.AddState())];
        net.Silent(start, states[0]);
        for (int matched = 0; matched < bytes.Length; matched++)
        {
            if (mayEnd) net.Silent(states[matched], end);
            byte[] told = [.. bytes.Where(b => Matched(bytes, matched, b) > 0).Distinct()];
            foreach (byte value in told) net.Read(states[matched], value, value, Matched(bytes, matched, value) is var next && next == bytes.Length ? found : states[next]);
            Except(states[matched], told, states[0]);
        }
        return states[0];
    }

    /// <summary>How much of a mark ends with <paramref name="next"/> when <paramref name="matched"/> bytes of it came before.</summary>
    private static int Matched(byte[] mark, int matched, byte next)
    {
        byte[] seen = [.. mark.AsSpan(0, matched), next];
        for (int length = seen.Length; length > 0; length--)
            if (seen.AsSpan(seen.Length - length).SequenceEqual(mark.AsSpan(0, length))) return length;
        return 0;
    }

    private void Anything(int state)
    {
        net.Read(state, 0, 255, state);
        net.Silent(state, end);
    }

    /// <summary>Reads one byte that is none of these.</summary>
    private void Except(int from, ReadOnlySpan<byte> not, int to)
    {
        int low = 0;
        foreach (byte value in not.ToArray().Order())
        {
            if (value > low) net.Read(from, (byte)low, (byte)(value - 1), to);
            low = value + 1;
        }
        net.Read(from, (byte)low, 255, to); // none of them is the last byte
    }

    /// <summary>White space may stand here, a little or any amount; gives the state behind it.</summary>
    private int Space(int from, bool any = false)
    {
        int behind = net.AddState();
        net.Silent(from, behind);
        for (int i = 0; i < (any ? 1 : MostSpace); i++)
        {
            int next = any ? behind : net.AddState();
            foreach (byte value in " \t\r\n"u8) net.Read(any ? behind : from, value, value, next);
            if (!any) net.Silent(next, behind);
            from = next;
        }
        return behind;
    }
}
