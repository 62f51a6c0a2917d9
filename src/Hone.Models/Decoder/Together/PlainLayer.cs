using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder.Together;

/// <summary>
/// A layer that <see cref="TokenPass"/> can go through: norms before attention and MLP, separate projections, a gate, all matrices in few
/// bits that are multiplied as integers.
/// </summary>
internal sealed record PlainLayer(int Index, AttentionParts Attention, MlpParts Mlp, NormLayer BeforeAttention, NormLayer BeforeMlp)
{
    private readonly LinearLayer[] linears = [Attention.Query, Attention.Key, Attention.Value, Attention.Output, Mlp.Gate, Mlp.Up, Mlp.Down];

    /// <summary>Whether inputs of products keep all their bits.</summary>
    public bool IsPrecise => Attention.Query.Quantized!.IsPrecise;

    /// <summary>Whether nothing was added to its matrices since, such as an adapter, and all are multiplied alike.</summary>
    public bool IsPlain
    {
        get
        {
            foreach (LinearLayer layer in linears)
                if (!layer.IsPlainQuantized || layer.Quantized!.Panels == 0 || layer.Quantized.IsPrecise != linears[0].Quantized!.IsPrecise) return false;
            return true;
        }
    }
}

/// <summary>Attention's matrices and settings.</summary>
internal sealed record AttentionParts(
    LinearLayer Query, LinearLayer Key, LinearLayer Value, LinearLayer Output, NormLayer? QueryNorm, NormLayer? KeyNorm, AttentionOptions Options, Config.LayerRope Rope);

/// <summary>A gated MLP's matrices and non-linearity.</summary>
internal sealed record MlpParts(LinearLayer Gate, LinearLayer Up, LinearLayer Down, Activation Activation);
