namespace Hone.Evaluation.LongContext;

/// <summary>The sentences of the needle tasks.</summary>
internal abstract class NeedleWording
{
    public static NeedleWording For(TaskWording wording, bool uuids) => wording == TaskWording.Compact ? new CompactNeedles() : new FullNeedles(uuids ? "code" : "number");

    public abstract string Separator { get; }

    public abstract string Instruction(bool several);

    public abstract string Needle(string key, string value);

    public abstract string Prose(string sentence);

    public abstract string Question(string[] keys, bool several);

    /// <summary>Start of the answer; names the key again where one is asked for.</summary>
    public abstract string Prefix(string[] keys, bool several);

    public abstract int AnswerTokens(int answers, int digits);
}

internal sealed class FullNeedles(string noun) : NeedleWording
{
    public override string Separator => " ";

    public override string Instruction(bool several) => several
        ? $"Secret {noun}s are hidden in the following text. Keep them in mind; there will be a question about them at the end.\n"
        : $"A secret {noun} is hidden in the following text. Keep it in mind; there will be a question about it at the end.\n";

    public override string Needle(string key, string value) => $"The secret {noun} of {key} is {value}.";

    public override string Prose(string sentence) => FillerText.Capital(sentence);

    public override string Question(string[] keys, bool several) => several
        ? $"\nWhich secret {noun}s of {Join(keys)} does the text name?"
        : $"\nWhich secret {noun} of {keys[0]} does the text name?";

    public override string Prefix(string[] keys, bool several) => several
        ? $" The secret {noun}s of {Join(keys)} are"
        : $" The secret {noun} of {keys[0]} is";

    public override int AnswerTokens(int answers, int digits) => 128;

    private static string Join(string[] keys) => keys.Length == 1 ? keys[0] : $"{string.Join(", ", keys[..^1])} and {keys[^1]}";
}

/// <summary><c>wet cat 483.</c>, asked by <c>? wet cat</c>, or by <c>? wet cat, red dog: wet cat</c> for several keys.</summary>
internal sealed class CompactNeedles : NeedleWording
{
    public override string Separator => " ";

    public override string Instruction(bool several) => "text:";

    public override string Needle(string key, string value) => $"{key} {value}.";

    public override string Prose(string sentence) => sentence;

    public override string Question(string[] keys, bool several) => keys.Length == 1 ? $" ? {keys[0]}" : $" ? {string.Join(", ", keys)}:";

    public override string Prefix(string[] keys, bool several) => keys.Length == 1 ? "" : $" {keys[0]}";

    // A number and its mark, with the next key before it where several are asked.
    public override int AnswerTokens(int answers, int digits) => answers == 1 ? digits + 1 : answers * (digits + 3);
}
