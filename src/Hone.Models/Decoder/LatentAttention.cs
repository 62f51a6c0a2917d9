using System.Buffers;
using System.Numerics.Tensors;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;
using Tensor = Hone.Tensors.Tensor;

namespace Hone.Models.Decoder;

/// <summary>
/// Attention of few new tokens over stored latents without expanding them: a query is carried into the latent space (B_kᵀ q), scored
/// against the latents, and the mixed latent is read once (B_v Σ p u). EliteKV, arXiv:2503.01586; the absorption is that of multi-head
/// latent attention (DeepSeek-V2, arXiv:2405.04434, section 2.1).
/// </summary>
internal static class LatentAttention
{
    /// <summary>[N, H · D].</summary>
    public static Tensor Run(
        Tape tape, LatentParts parts, Segments segments, ILatentLayerCache[] caches, LatentWeights weights, AttentionOptions options)
    {
        Tensor output = tape.New((segments.Tokens, options.Heads * weights.ValueSize));
        Job job = new(parts, segments, caches, weights, options, output);
        tape.Workers.For(segments.Tokens * options.Heads, 1, ref job);
        return output;
    }

    private readonly struct Job(
        LatentParts parts, Segments segments, ILatentLayerCache[] caches, LatentWeights weights, AttentionOptions options, Tensor output) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            int s = 0;
            for (int item = start; item < end; item++)
            {
                int token = item / options.Heads;
                while (token >= segments.Start(s) + segments.Length(s)) s++;
                One(s, token, item % options.Heads);
            }
        }

        private void One(int s, int token, int head)
        {
            int position = caches[s].Length - segments.Length(s) + token - segments.Start(s), group = options.Heads / options.KvHeads;
            int first = options.Window > 0 ? Math.Max(0, position - options.Window + 1) : 0, count = position + 1 - first;
            float[] scratch = ArrayPool<float>.Shared.Rent(count + weights.KeyRank + weights.ValueRank);
            Span<float> scores = scratch.AsSpan(0, count), query = scratch.AsSpan(count, weights.KeyRank), mixed = scratch.AsSpan(count + weights.KeyRank, weights.ValueRank);
            Score(caches[s], token, head, head / group, first, scores, query);
            Normalise(scores);
            mixed.Clear();
            ReadOnlySpan<float> latents = caches[s].Latents;
            for (int t = 0; t < count; t++)
                TensorPrimitives.MultiplyAdd(latents.Slice((first + t) * weights.Width + weights.ValueOffset, weights.ValueRank), scores[t], mixed, mixed);
            Span<float> target = output.Data.Slice((token * options.Heads + head) * weights.ValueSize, weights.ValueSize);
            for (int i = 0; i < target.Length; i++) target[i] = TensorPrimitives.Dot(weights.ValueRow(head / group, i), mixed);
            ArrayPool<float>.Shared.Return(scratch);
        }

        private void Score(ILatentLayerCache cache, int token, int head, int kvHead, int first, Span<float> scores, Span<float> query)
        {
            query.Clear();
            if (parts.QueryPlain is { } plain)
            {
                ReadOnlySpan<float> own = plain.Data.Slice((token * options.Heads + head) * weights.Plain, weights.Plain);
                for (int i = 0; i < own.Length; i++) TensorPrimitives.MultiplyAdd(weights.KeyRow(kvHead, i), own[i], query, query);
            }
            ReadOnlySpan<float> rotated = parts.QueryRotated is { } q ? q.Data.Slice((token * options.Heads + head) * weights.Rotated, weights.Rotated) : [];
            ReadOnlySpan<float> latents = cache.Latents, keys = cache.Rotated;
            int stride = options.KvHeads * weights.Rotated;
            for (int t = 0; t < scores.Length; t++)
            {
                float score = weights.Plain == 0 ? 0 : TensorPrimitives.Dot(query, latents.Slice((first + t) * weights.Width, query.Length));
                if (!rotated.IsEmpty) score += TensorPrimitives.Dot(rotated, keys.Slice((first + t) * stride + kvHead * weights.Rotated, weights.Rotated));
                scores[t] = score * options.Scale;
            }
            if (options.Softcap > 0)
                for (int t = 0; t < scores.Length; t++) scores[t] = options.Softcap * MathF.Tanh(scores[t] / options.Softcap);
        }

        private static void Normalise(Span<float> scores)
        {
            TensorPrimitives.Subtract(scores, TensorPrimitives.Max(scores), scores);
            TensorPrimitives.Exp(scores, scores);
            TensorPrimitives.Divide(scores, TensorPrimitives.Sum(scores), scores);
        }
    }
}
