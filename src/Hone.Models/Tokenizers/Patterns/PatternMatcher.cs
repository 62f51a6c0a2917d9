using Hone.Core;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Patterns;

/// <summary>
/// Runs a compiled pattern by backtracking over an explicit stack, so that neither long texts nor deep repetition use the
/// call stack. Work is bounded: a pattern that backtracks without end on some text is reported instead of hanging.
/// Not thread-safe; one instance per use.
/// </summary>
internal sealed class PatternMatcher(PatternProgram program, string pattern)
{
    private const int Branch = 0, UndoSave = 1, GiveBack = 2, RetryLonger = 3;
    private readonly int[] slots = new int[program.Slots];
    private Frame[] stack = new Frame[64];
    private int top;
    private long budget;

    /// <summary>A point to go back to: at <c>Pc</c> with <c>Position</c>; loops also hold how far they may give back.</summary>
    private readonly record struct Frame(int Pc, int Position, int Limit, int Kind);

    /// <summary>Sets the work allowed from here on, in proportion to the text's length.</summary>
    public void Allow(int length) => budget = 10_000_000 + 4000L * length;

    /// <summary>The end of the match that starts exactly at <paramref name="start"/>, or -1.</summary>
    /// <exception cref="HoneException">The allowed work is used up.</exception>
    public int MatchAt(ReadOnlySpan<char> text, int start)
    {
        Array.Fill(slots, -1);
        top = 0;
        return Run(text, 0, start);
    }

    private int Run(ReadOnlySpan<char> text, int pc, int position)
    {
        int bottom = top;
        while (true)
        {
            if (--budget < 0) throw TooMuchWork(text.Length);
            Instruction step = program.Code[pc];
            if (step.Op == Op.Accept)
            {
                DropBranches(bottom);
                return position;
            }
            if (Execute(step, text, ref pc, ref position)) continue;
            if (!GoBack(bottom, text, ref pc, ref position)) return -1;
        }
    }

    private bool Execute(Instruction step, ReadOnlySpan<char> text, ref int pc, ref int position)
    {
        switch (step.Op)
        {
            case Op.Set:
                if (position >= text.Length || !step.Set!.Contains(CodePoints.At(text, position, out int size))) return false;
                position += size;
                pc++;
                return true;
            case Op.Loop:
                return RunLoop(step, text, ref pc, ref position);
            case Op.Split:
                Push(new(step.B, position, 0, Branch));
                pc = step.A;
                return true;
            case Op.Jump:
                pc = step.A;
                return true;
            case Op.Save:
                Push(new(step.A, slots[step.A], 0, UndoSave));
                slots[step.A] = position;
                pc++;
                return true;
            case Op.EmptyCheck:
                pc = slots[step.A] == position ? step.B : pc + 1;
                return true;
            case Op.Anchor:
                pc++;
                return PatternAnchors.Holds(step.Anchor, text, position);
            case Op.BackReference:
                pc++;
                return MatchReference(step, text, ref position);
            case Op.Atomic:
                int end = Run(text, pc + 1, position);
                (pc, position) = (step.A, end);
                return end >= 0;
            default:
                bool found = step.Behind ? LooksBehind(step, text, pc + 1, position) : Run(text, pc + 1, position) >= 0;
                pc = step.A;
                return found != step.Negative;
        }
    }

    private bool RunLoop(Instruction step, ReadOnlySpan<char> text, ref int pc, ref int position)
    {
        int count = 0, least = position, most = step.Kind == RepeatKind.Lazy ? step.A : step.B;
        while ((most < 0 || count < most) && position < text.Length && step.Set!.Contains(CodePoints.At(text, position, out int size)))
        {
            position += size;
            if (++count == step.A) least = position;
        }
        budget -= count;
        if (count < step.A) return false;
        if (step.Kind == RepeatKind.Greedy && position > least) Push(new(pc, position, least, GiveBack));
        if (step.Kind == RepeatKind.Lazy && (step.B < 0 || count < step.B)) Push(new(pc, position, step.B < 0 ? -1 : step.B - count, RetryLonger));
        pc++;
        return true;
    }

    /// <summary>Takes up the last open choice; false when none is left above <paramref name="bottom"/>.</summary>
    private bool GoBack(int bottom, ReadOnlySpan<char> text, ref int pc, ref int position)
    {
        while (top > bottom)
        {
            Frame frame = stack[--top];
            if (frame.Kind == UndoSave)
            {
                slots[frame.Pc] = frame.Position;
                continue;
            }
            (pc, position) = (frame.Pc, frame.Position);
            Instruction step = program.Code[pc];
            if (frame.Kind == RetryLonger)
            {
                if (position >= text.Length || !step.Set!.Contains(CodePoints.At(text, position, out int size))) continue;
                position += size;
                if (frame.Limit != 1) Push(new(pc, position, frame.Limit < 0 ? -1 : frame.Limit - 1, RetryLonger));
                pc++;
            }
            else if (frame.Kind == GiveBack)
            {
                CodePoints.Before(text, position, out int size);
                position -= size;
                if (position > frame.Limit) Push(frame with { Position = position });
                pc++;
            }
            return true;
        }
        return false;
    }

    private bool MatchReference(Instruction step, ReadOnlySpan<char> text, ref int position)
    {
        (int start, int end) = (slots[2 * step.A], slots[2 * step.A + 1]);
        if (start < 0 || end < start || position + end - start > text.Length) return false;
        for (int i = start; i < end; i++)
        {
            (int a, int b) = (text[i], text[position + i - start]);
            if (a != b && !(step.Negative && CharSet.Fold(a) == CharSet.Fold(b))) return false;
        }
        position += end - start;
        return true;
    }

    private bool LooksBehind(Instruction step, ReadOnlySpan<char> text, int body, int position)
    {
        int start = position;
        for (int back = 0; back <= step.Width.Max; back++)
        {
            if (back >= step.Width.Min && Run(text, body, start) == position) return true;
            if (start == 0) return false;
            CodePoints.Before(text, start, out int size);
            start -= size;
        }
        return false;
    }

    /// <summary>Ends the choices of a finished body but keeps what must be undone if the whole goes back further.</summary>
    private void DropBranches(int bottom)
    {
        int kept = bottom;
        for (int i = bottom; i < top; i++)
            if (stack[i].Kind == UndoSave) stack[kept++] = stack[i];
        top = kept;
    }

    private void Push(Frame frame)
    {
        if (top == stack.Length) Array.Resize(ref stack, 2 * top);
        stack[top++] = frame;
    }

    private HoneException TooMuchWork(int length) =>
        new($"pattern '{(pattern.Length > 80 ? pattern[..80] + "..." : pattern)}' takes too long on a text of {length} characters.");
}
