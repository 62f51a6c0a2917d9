using Hone.Core;

namespace Hone.Models.Tokenizers.Patterns;

/// <summary>Turns a syntax tree into instructions for <see cref="PatternMatcher"/>.</summary>
internal sealed class PatternCompiler
{
    private const int LongestProgram = 100_000;
    private readonly List<Instruction> code = [];
    private int slots;

    /// <exception cref="HoneException">The pattern is malformed, not supported, or too large.</exception>
    public static PatternProgram Compile(string pattern)
    {
        (PatternNode root, int groups) = PatternParser.Parse(pattern);
        PatternCompiler compiler = new() { slots = 2 * (groups + 1) };
        compiler.Emit(root);
        compiler.Add(new(Op.Accept));
        return new([.. compiler.code], compiler.slots);
    }

    private int Add(Instruction instruction)
    {
        if (code.Count >= LongestProgram) throw new HoneException("a pattern repeats too much: its program has more than 100000 steps.");
        code.Add(instruction);
        return code.Count - 1;
    }

    private void Emit(PatternNode node)
    {
        switch (node)
        {
            case SetNode set:
                Add(new(Op.Set) { Set = set.Set });
                break;
            case SequenceNode sequence:
                foreach (PatternNode item in sequence.Items) Emit(item);
                break;
            case ChoiceNode choice:
                EmitChoice(choice.Options);
                break;
            case RepeatNode { Body: SetNode one } repeat:
                Add(new(Op.Loop, repeat.Min, repeat.Max) { Set = one.Set, Kind = repeat.Kind });
                break;
            case RepeatNode { Kind: RepeatKind.Possessive } repeat:
                EmitBody(new(Op.Atomic), repeat with { Kind = RepeatKind.Greedy });
                break;
            case RepeatNode repeat:
                EmitRepeat(repeat);
                break;
            case GroupNode group:
                if (group.Index > 0) Add(new(Op.Save, 2 * group.Index));
                Emit(group.Body);
                if (group.Index > 0) Add(new(Op.Save, 2 * group.Index + 1));
                break;
            case AtomicNode atomic:
                EmitBody(new(Op.Atomic), atomic.Body);
                break;
            case LookNode look:
                EmitBody(new(Op.Look) { Behind = look.Behind, Negative = look.Negative, Width = look.Body.Width }, look.Body);
                break;
            case BackReferenceNode reference:
                Add(new(Op.BackReference, reference.Index) { Negative = reference.IgnoreCase });
                break;
            case AnchorNode anchor:
                Add(new(Op.Anchor) { Anchor = anchor.Kind });
                break;
            default:
                throw new InvalidOperationException($"No code for {node.GetType().Name}.");
        }
    }

    private void EmitBody(Instruction head, PatternNode body)
    {
        int at = Add(head);
        Emit(body);
        Add(new(Op.Accept));
        code[at] = head with { A = code.Count };
    }

    private void EmitChoice(IReadOnlyList<PatternNode> options)
    {
        List<int> jumps = [];
        for (int i = 0; i < options.Count - 1; i++)
        {
            int split = Add(new(Op.Split));
            Emit(options[i]);
            jumps.Add(Add(new(Op.Jump)));
            code[split] = new(Op.Split, split + 1, code.Count);
        }
        Emit(options[^1]);
        foreach (int jump in jumps) code[jump] = new(Op.Jump, code.Count);
    }

    /// <summary>The required rounds one after the other, then either a loop or the optional rounds.</summary>
    private void EmitRepeat(RepeatNode repeat)
    {
        for (int i = 0; i < repeat.Min; i++) Emit(repeat.Body);
        if (repeat.Max < 0) EmitLoop(repeat);
        else EmitOptional(repeat, repeat.Max - repeat.Min);
    }

    private void EmitLoop(RepeatNode repeat)
    {
        int slot = slots++;
        int split = Add(new(Op.Split));
        Add(new(Op.Save, slot));
        Emit(repeat.Body);
        int check = Add(new(Op.EmptyCheck));
        Add(new(Op.Jump, split));
        code[check] = new(Op.EmptyCheck, slot, code.Count);
        code[split] = Branch(repeat.Kind, split + 1, code.Count);
    }

    private void EmitOptional(RepeatNode repeat, int rounds)
    {
        List<int> splits = [];
        for (int i = 0; i < rounds; i++)
        {
            splits.Add(Add(new(Op.Split)));
            Emit(repeat.Body);
        }
        foreach (int split in splits) code[split] = Branch(repeat.Kind, split + 1, code.Count);
    }

    private static Instruction Branch(RepeatKind kind, int enter, int leave) =>
        kind == RepeatKind.Lazy ? new(Op.Split, leave, enter) : new(Op.Split, enter, leave);
}
