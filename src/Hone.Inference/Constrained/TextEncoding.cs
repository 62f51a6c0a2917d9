using System.Text;
using Hone.Core.Automata;

namespace Hone.Inference.Constrained;

/// <summary>How the letters of a text are written.</summary>
internal enum LetterForm
{
    /// <summary>UTF-8 as it is.</summary>
    Plain,

    /// <summary>Inside a JSON string, escaped only where JSON needs it.</summary>
    JsonMinimal,

    /// <summary>Inside a JSON string, any letter also as \uXXXX.</summary>
    JsonGeneral,
}

/// <summary>Puts texts that an automaton describes into a net, letter by letter; letter sets become rules shared by all.</summary>
internal sealed class TextEncoding(ByteNet net)
{
    private const string ShortEscapes = "\"\\\b\f\n\r\t";
    private const string ShortLetters = "\"\\bfnrt";

    // As the reference engine has it: DEL is written as an escape although JSON allows it raw.
    private static readonly CodePointSet NeedsEscape = CodePointSet.Of((0, 0x1F), ('"', '"'), ('\\', '\\'), (0x7F, 0x7F));
    private static readonly CodePointSet HasShortEscape = CodePointSet.Of(ShortEscapes.Select(c => ((int)c, (int)c)));
    private static readonly CodePointSet Ascii = CodePointSet.Of((0, 0x7F));

    private readonly Dictionary<string, int> letterRules = [];

    /// <summary>Joins two states by all texts of the automaton.</summary>
    public void Connect(CodePointAutomaton texts, LetterForm form, int from, int to)
    {
        if (texts.IsEmpty) return;
        int[] states = [.. Enumerable.Range(0, texts.Count).Select(_ => net.AddState())];
        net.Silent(from, states[0]);
        for (int s = 0; s < texts.Count; s++)
        {
            foreach ((CodePointSet set, int target) in texts.Moves(s)) Letter(set, form, states[s], states[target]);
            if (texts.Accepts(s)) net.Silent(states[s], to);
        }
    }

    /// <summary>Joins two states by one letter of the set.</summary>
    public void Letter(CodePointSet set, LetterForm form, int from, int to)
    {
        CodePointSet ascii = set.Intersect(Ascii), others = set.Except(Ascii);
        CodePointSet raw = form == LetterForm.Plain ? ascii : ascii.Except(NeedsEscape);
        CodePointSet escaped = form switch
        {
            LetterForm.Plain => CodePointSet.Empty,
            LetterForm.JsonMinimal => ascii.Intersect(NeedsEscape),
            _ => ascii,
        };
        foreach (CodePointRange range in raw.Ranges) net.Read(from, (byte)range.Low, (byte)range.High, to);
        // Apart, because the letters beyond ASCII are nearly always all of them and then share one rule.
        if (!others.IsEmpty) net.Call(from, RuleFor(others, form == LetterForm.JsonGeneral ? form : LetterForm.Plain, WriteOthers), to);
        if (!escaped.IsEmpty) net.Call(from, RuleFor(escaped, form, WriteEscapes), to);
    }

    private int RuleFor(CodePointSet set, LetterForm form, Action<CodePointSet, LetterForm, int, int> write)
    {
        string key = $"{form} {string.Join(',', set.Ranges)}";
        if (letterRules.TryGetValue(key, out int rule)) return rule;
        letterRules[key] = rule = net.AddRule("letter");
        write(set, form, net.Rules[rule].Start, net.Rules[rule].End);
        return rule;
    }

    private void WriteOthers(CodePointSet set, LetterForm form, int from, int to)
    {
        foreach (CodePointRange range in set.Ranges)
            foreach ((byte Low, byte High)[] bytes in Utf8Ranges.Of(range.Low, range.High)) Bytes(bytes, from, to);
        if (form == LetterForm.JsonGeneral) WriteEscapes(set, form, from, to);
    }

    private void Bytes((byte Low, byte High)[] bytes, int from, int to)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            int next = i == bytes.Length - 1 ? to : net.AddState();
            net.Read(from, bytes[i].Low, bytes[i].High, next);
            from = next;
        }
    }

    private void WriteEscapes(CodePointSet set, LetterForm form, int from, int to)
    {
        int slash = net.AddState(), hex = net.AddState();
        net.Read(from, (byte)'\\', (byte)'\\', slash);
        net.Read(slash, (byte)'u', (byte)'u', hex);
        foreach (int c in set.Intersect(HasShortEscape).Ranges.SelectMany(r => Enumerable.Range(r.Low, r.High - r.Low + 1)))
        {
            byte letter = (byte)ShortLetters[ShortEscapes.IndexOf((char)c)];
            net.Read(slash, letter, letter, to);
        }
        CodePointSet byHex = form == LetterForm.JsonGeneral ? set : set.Except(HasShortEscape);
        foreach (CodePointRange range in byHex.Ranges)
        {
            if (range.Low <= 0xFFFF) HexDigits(range.Low, Math.Min(range.High, 0xFFFF), 4, hex, to);
            if (range.High > 0xFFFF) SurrogatePairs(Math.Max(range.Low, 0x10000) - 0x10000, range.High - 0x10000, hex, to);
        }
    }

    /// <summary>Numbers of [low, high] in so many hexadecimal digits.</summary>
    private void HexDigits(int low, int high, int digits, int from, int to)
    {
        int unit = 1 << (4 * (digits - 1));
        for (int d = low / unit; d <= high / unit; d++)
        {
            int next = digits == 1 ? to : net.AddState();
            HexDigit(d, from, next);
            if (digits > 1) HexDigits(Math.Max(low, d * unit) - d * unit, Math.Min(high, d * unit + unit - 1) - d * unit, digits - 1, next, to);
        }
    }

    private void HexDigit(int digit, int from, int to)
    {
        byte lower = (byte)"0123456789abcdef"[digit], upper = (byte)"0123456789ABCDEF"[digit];
        net.Read(from, lower, lower, to);
        if (upper != lower) net.Read(from, upper, upper, to);
    }

    // offset = code point - 0x10000, 20 bits: ten in each half.
    private void SurrogatePairs(int low, int high, int from, int to)
    {
        for (int first = low >> 10; first <= high >> 10;)
        {
            // All high halves whose low half is free share one way.
            bool startsFull = first > low >> 10 || (low & 0x3FF) == 0;
            int lastFull = (high & 0x3FF) == 0x3FF ? high >> 10 : (high >> 10) - 1;
            int last = startsFull && lastFull >= first ? lastFull : first;
            int lowHalf = first == low >> 10 ? low & 0x3FF : 0, highHalf = last == high >> 10 ? high & 0x3FF : 0x3FF;
            int middle = net.AddState(), second = net.AddState();
            HexDigits(0xD800 + first, 0xD800 + last, 4, from, middle);
            net.Literal(middle, "\\u"u8, second);
            HexDigits(0xDC00 + lowHalf, 0xDC00 + highHalf, 4, second, to);
            first = last + 1;
        }
    }

    /// <summary>The bytes of a text as JSON writes it with the fewest escapes.</summary>
    public static byte[] JsonString(string text)
    {
        StringBuilder result = new("\"");
        foreach (char c in text)
        {
            int escape = ShortEscapes.IndexOf(c);
            if (escape >= 0) result.Append('\\').Append(ShortLetters[escape]);
            else if (c < ' ') result.Append($"\\u{(int)c:x4}");
            else result.Append(c);
        }
        return Encoding.UTF8.GetBytes(result.Append('"').ToString());
    }
}
