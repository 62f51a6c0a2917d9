using System.Text.RegularExpressions;
using Hone.Core;
using Hone.Models.Text;

namespace Hone.Methods.Scir;

/// <summary>How the model is asked which of two answers is better: its verdict is one of two tokens at the first place of its reply.</summary>
public sealed partial class JudgePrompt
{
    /// <summary>The question asked where none is given.</summary>
    public const string DefaultTemplate = """
        Compare two replies to the same instruction. Judge how helpful, correct and clear they are; the order in which they are shown means nothing.

        Instruction: {{prompt}}

        Reply A: {{a}}

        Reply B: {{b}}

        Which reply is better? Say only A or B.
        """;

    private readonly ModelText text;
    private readonly string template;

    /// <param name="text">The model's tokens.</param>
    /// <param name="template">With <c>{{prompt}}</c>, <c>{{a}}</c> and <c>{{b}}</c>.</param>
    /// <param name="first">Verdict for the reply shown first.</param>
    /// <param name="second">Verdict for the reply shown second.</param>
    /// <exception cref="HoneException">A place is missing in the template; a verdict is not one token; both are the same.</exception>
    public JudgePrompt(ModelText text, string template = DefaultTemplate, string first = "A", string second = "B")
    {
        (this.text, this.template) = (text, template);
        foreach (string place in (string[])["{{prompt}}", "{{a}}", "{{b}}"])
            if (!template.Contains(place, StringComparison.Ordinal)) throw new HoneException($"the judge's template lacks {place}; it needs {{{{prompt}}}}, {{{{a}}}} and {{{{b}}}}.");
        (First, Second) = (first, second);
        (FirstId, SecondId) = (Single(first), Single(second));
        if (FirstId == SecondId) throw new HoneException($"both verdicts are '{first}': give two different ones with --verdict-first and --verdict-second.");
    }

    /// <summary>Verdict for the reply shown first.</summary>
    public string First { get; }

    /// <summary>Verdict for the reply shown second.</summary>
    public string Second { get; }

    /// <summary>Token of the verdict for the reply shown first.</summary>
    public int FirstId { get; }

    /// <summary>Token of the verdict for the reply shown second.</summary>
    public int SecondId { get; }

    /// <summary>The question as tokens; the verdict comes next.</summary>
    public int[] Tokens(string prompt, string a, string b) => text.Prompt(Question(prompt, a, b));

    /// <summary>The question as text.</summary>
    public string Question(string prompt, string a, string b) => Place().Replace(template, m => m.Groups[1].Value switch
    {
        "prompt" => prompt.Trim(),
        "a" => a.Trim(),
        _ => b.Trim(),
    });

    private int Single(string verdict)
    {
        int[] ids = text.Tokenizer.Encode(verdict, addSpecialTokens: false);
        return ids.Length == 1 ? ids[0] : throw new HoneException($"the verdict '{verdict}' is {ids.Length} tokens of this model; it has to be one. Choose another with --verdict-first or --verdict-second.");
    }

    [GeneratedRegex(@"\{\{(prompt|a|b)\}\}")]
    private static partial Regex Place();
}
