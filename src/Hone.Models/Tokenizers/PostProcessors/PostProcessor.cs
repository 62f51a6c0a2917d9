using Hone.Core;
using Hone.Models.Tokenizers.Loading;

namespace Hone.Models.Tokenizers.PostProcessors;

/// <summary>Adds special tokens around one text or a pair, and trims offsets. Safe for use by several threads.</summary>
internal abstract class PostProcessor
{
    /// <summary>How many tokens it adds.</summary>
    public abstract int AddedCount(bool pair);

    /// <summary>
    /// Works on the encodings, of which each knows its sequence, and returns those that make up the result in order.
    /// </summary>
    public abstract List<TokenEncoding> Process(List<TokenEncoding> encodings, bool addSpecialTokens);

    /// <summary>Ids to put before and after a single text, when that is all this does to ids; null when it is not.</summary>
    public virtual (int[] Before, int[] After)? SingleFrame => null;

    /// <summary>Builds the post-processor a tokenizer.json describes; null for none.</summary>
    /// <exception cref="HoneException">Unknown type or malformed settings.</exception>
    public static PostProcessor? Read(JsonSpec spec)
    {
        if (spec.IsNull) return null;
        string type = spec.Text("type");
        return type switch
        {
            "TemplateProcessing" => TemplateProcessor.Read(spec),
            "BertProcessing" => TemplateProcessor.ReadBert(spec),
            "RobertaProcessing" => new SequenceProcessor([new ByteLevelProcessor(spec.Flag("trim_offsets", true), spec.Flag("add_prefix_space", true)), TemplateProcessor.ReadRoberta(spec)]),
            "ByteLevel" => new ByteLevelProcessor(spec.Flag("trim_offsets", true), spec.Flag("add_prefix_space", true)),
            "Sequence" => new SequenceProcessor([.. spec.Get("processors").Items().Select(s => Read(s)!)]),
            _ => throw spec.Error(HoneException.Unknown("post-processor", type, ["TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel", "Sequence"]).Message),
        };
    }
}

/// <summary>One after the other.</summary>
internal sealed class SequenceProcessor(PostProcessor[] items) : PostProcessor
{
    public override int AddedCount(bool pair) => items.Sum(i => i.AddedCount(pair));

    public override List<TokenEncoding> Process(List<TokenEncoding> encodings, bool addSpecialTokens) =>
        items.Aggregate(encodings, (current, item) => item.Process(current, addSpecialTokens));

    public override (int[] Before, int[] After)? SingleFrame
    {
        get
        {
            (int[] Before, int[] After) frame = ([], []);
            foreach (PostProcessor item in items)
            {
                if (item.SingleFrame is not var (before, after)) return null;
                if (before.Length + after.Length > 0 && frame.Before.Length + frame.After.Length > 0) return null;
                frame = ([.. before, .. frame.Before], [.. frame.After, .. after]);
            }
            return frame;
        }
    }
}
