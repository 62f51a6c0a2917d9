using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;

namespace Hone.Methods.EliteKv;

/// <summary>The usual way to fewer key heads, as a baseline: keys and values of neighbouring heads are averaged (Ainslie et al. 2023, arXiv:2305.13245).</summary>
public static class GroupedConversion
{
    /// <summary>Converts.</summary>
    /// <param name="model">The original; not changed.</param>
    /// <param name="kvHeads">Key heads that remain.</param>
    /// <exception cref="HoneException">The number does not divide the model's, or its projections are not separate.</exception>
    public static LanguageModel Convert(LanguageModel model, int kvHeads)
    {
        ModelConfig config = model.Config;
        if (kvHeads < 1 || config.KvHeads % kvHeads != 0)
            throw new HoneException($"{config.KvHeads} key heads cannot become {kvHeads}; give a divisor.");
        if (config.Layout != WeightLayout.Llama || config.Latent is not null) throw new HoneException("only models with separate projections of keys and values can be grouped.");
        LanguageModel grouped = new(config.With("num_key_value_heads", kvHeads));
        ModelWeights.CopyShared(model, grouped);
        for (int layer = 0; layer < config.Layers; layer++)
            foreach (string name in new[] { "k_proj", "v_proj" })
                foreach (string part in config.QkvBias ? new[] { "weight", "bias" } : ["weight"])
                {
                    string full = $"model.layers.{layer}.self_attn.{name}.{part}";
                    Average(model[full].Value.Data, grouped[full].Value.Data, config.KvHeads / kvHeads, kvHeads);
                }
        return grouped;
    }

    /// <summary>Means over groups of heads; a head's rows lie together.</summary>
    private static void Average(ReadOnlySpan<float> from, Span<float> to, int group, int kvHeads)
    {
        int head = to.Length / kvHeads;
        to.Clear();
        for (int i = 0; i < from.Length; i++)
        {
            int source = i / head;
            to[source / group * head + i % head] += from[i] / group;
        }
    }
}
