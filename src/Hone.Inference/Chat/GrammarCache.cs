using Hone.Core;
using Hone.Inference.Constrained;
using Hone.Models.Tokenizers;

namespace Hone.Inference.Chat;

/// <summary>Grammars bound to one model's vocabulary, the last few kept with the masks they have worked out. Thread-safe.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="vocabularySize">Rows of the model's output.</param>
/// <param name="endIds">Tokens that end a text.</param>
/// <param name="marks">Special tokens that belong to tool calls, which replies with calls may spell.</param>
public sealed class GrammarCache(Tokenizer tokenizer, int vocabularySize, IReadOnlyCollection<int> endIds, IReadOnlyCollection<int>? marks = null)
{
    // Each may hold up to 12 MB of masks at 49k tokens.
    private const int Kept = 16;

    private readonly Lazy<TokenVocabulary> vocabulary = new(() => TokenVocabulary.Of(tokenizer, vocabularySize, endIds));
    private readonly Lazy<TokenVocabulary> withMarks = new(() => TokenVocabulary.Of(tokenizer, vocabularySize, endIds, marks));
    private readonly LinkedList<(string Key, CompiledGrammar Grammar)> recent = new();
    private readonly Lock gate = new();

    /// <summary>A constraint at its start.</summary>
    /// <exception cref="HoneException">The form is malformed, cannot be met, or cannot be enforced; the message says what in it.</exception>
    public GrammarConstraint Constraint(ReplyForm form)
    {
        if (Find(form.Key) is { } known) return new GrammarConstraint(known, form.SpellsMarks);
        CompiledGrammar compiled = CompiledGrammar.Compile(form.Compile(), form.SpellsMarks && marks is { Count: > 0 } ? withMarks.Value : vocabulary.Value);
        lock (gate)
        {
            recent.AddFirst((form.Key, compiled));
            if (recent.Count > Kept) recent.RemoveLast();
        }
        return new GrammarConstraint(compiled, form.SpellsMarks);
    }

    private CompiledGrammar? Find(string key)
    {
        lock (gate)
        {
            for (LinkedListNode<(string Key, CompiledGrammar Grammar)>? node = recent.First; node is not null; node = node.Next)
            {
                if (node.Value.Key != key) continue;
                recent.Remove(node);
                recent.AddFirst(node);
                return node.Value.Grammar;
            }
        }
        return null;
    }
}
