using Hone.Models.Config;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>
/// Mixture of experts (Shazeer et al. 2017, arXiv:1701.06538; Mixtral, arXiv:2401.04088): softmax over ALL experts, the best
/// few run on the token and are added by their weights. Each expert runs once, on all the tokens that chose it.
/// </summary>
internal sealed class MoeMlp : IMlp
{
    private readonly MoeConfig moe;
    private readonly LinearLayer router;
    private readonly DenseMlp[] experts;

    public MoeMlp(ModelBuilder builder, string prefix)
    {
        moe = builder.Config.Moe!;
        router = builder.Linear($"{prefix}.gate", moe.Experts, builder.Config.HiddenSize);
        experts = [.. Enumerable.Range(0, moe.Experts).Select(e => new DenseMlp(builder, $"{prefix}.experts.{e}", moe))];
    }

    public Tensor Forward(Tape tape, Tensor x)
    {
        int tokens = x.Shape.Rows;
        Tensor weights = tape.Softmax(router.Forward(tape, x));
        int[] chosen = Choose(weights.Data, tokens);
        (Tensor results, int[] place) = RunExperts(tape, x, chosen);
        Tensor flat = tape.View(weights, (weights.Count, 1));
        Tensor? sum = null, total = null;
        for (int slot = 0; slot < moe.PerToken; slot++)
        {
            int[] weightRows = new int[tokens], resultRows = new int[tokens];
            for (int t = 0; t < tokens; t++)
            {
                int pick = t * moe.PerToken + slot;
                (weightRows[t], resultRows[t]) = (t * moe.Experts + chosen[pick], place[pick]);
            }
            Tensor weight = tape.Rows(flat, weightRows);
            Tensor part = tape.Mul(tape.Rows(results, resultRows), weight);
            sum = sum is null ? part : tape.Add(sum, part);
            total = total is null ? weight : tape.Add(total, weight);
        }
        return moe.Renormalise ? tape.Div(sum!, total!) : sum!;
    }

    /// <summary>[tokens · per token] the best experts of each token, best first.</summary>
    private int[] Choose(ReadOnlySpan<float> weights, int tokens)
    {
        int[] chosen = new int[tokens * moe.PerToken];
        for (int t = 0; t < tokens; t++)
        {
            ReadOnlySpan<float> row = weights.Slice(t * moe.Experts, moe.Experts);
            Span<int> best = chosen.AsSpan(t * moe.PerToken, moe.PerToken);
            for (int slot = 0; slot < best.Length; slot++)
            {
                int top = -1;
                for (int e = 0; e < row.Length; e++)
                    if ((top < 0 || row[e] > row[top]) && !best[..slot].Contains(e)) top = e;
                best[slot] = top;
            }
        }
        return chosen;
    }

    /// <summary>All experts' results one after the other, and for each choice the row where its result lies.</summary>
    private (Tensor Results, int[] Place) RunExperts(Tape tape, Tensor x, int[] chosen)
    {
        int[] place = new int[chosen.Length];
        List<Tensor> results = [];
        int next = 0;
        for (int e = 0; e < moe.Experts; e++)
        {
            List<int> rows = [];
            for (int pick = 0; pick < chosen.Length; pick++)
            {
                if (chosen[pick] != e) continue;
                place[pick] = next++;
                rows.Add(pick / moe.PerToken);
            }
            if (rows.Count > 0) results.Add(experts[e].Forward(tape, tape.Rows(x, [.. rows])));
        }
        return (tape.Concat(0, [.. results]), place);
    }
}
