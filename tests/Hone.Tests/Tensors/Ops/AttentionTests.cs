using FsCheck;
using FsCheck.Fluent;
using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Ops;

public sealed class AttentionTests
{
    [Fact]
    public void Any_sizes_masks_and_segments_are_right_with_their_gradients()
    {
        var cases =
            from lengths in Gen.ArrayOf(Gen.Choose(0, 6), 3)
            from perKv in Gen.Choose(1, 3)
            from kvHeads in Gen.Choose(1, 2)
            from size in Gen.Choose(1, 5)
            from valueSize in Gen.Choose(1, 5)
            from causal in Gen.Elements(true, true, false)
            from window in Gen.Choose(0, 4)
            from softcap in Gen.Elements(0f, 0f, 1.5f)
            from extraKeys in Gen.Choose(-1, 3)
            select (lengths, perKv, kvHeads, size, valueSize, causal, window, softcap, extraKeys);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            AttentionOptions options = new()
            {
                Heads = c.perKv * c.kvHeads,
                KvHeads = c.kvHeads,
                Scale = 0.7f,
                Causal = c.causal,
                Window = c.window,
                Softcap = c.softcap,
            };
            Segments queries = new(c.lengths), keys = new([.. c.lengths.Select(length => Math.Max(0, length + c.extraKeys))]);
            if (queries.Tokens == 0 || keys.Tokens == 0) return;
            RandomStream random = new(queries.Tokens * 10 + keys.Tokens, "attention");
            GradCheck.Run(
                (t, v) => t.Attention(v[0], v[1], v[2], queries, keys, options),
                v => Reference.Attention(v[0], v[1], v[2], queries, keys, options),
                CheckedInput.Normal(random, (queries.Tokens, options.Heads * c.size)),
                CheckedInput.Normal(random, (keys.Tokens, c.kvHeads * c.size)),
                CheckedInput.Normal(random, (keys.Tokens, c.kvHeads * c.valueSize)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    /// <summary>
    /// Lengths beyond several blocks of queries and keys; here the reference gradient is the plain one of whole matrices. With more threads
    /// than sequences times key heads, gradients are made block by block.
    /// </summary>
    [Theory]
    [InlineData(true, 0, 0f, 2)]
    [InlineData(true, 70, 0f, 2)]
    [InlineData(true, 1, 0f, 2)]
    [InlineData(false, 0, 2f, 2)]
    [InlineData(false, 40, 0f, 2)]
    [InlineData(true, 0, 0f, 9)]
    [InlineData(true, 70, 2f, 9)]
    [InlineData(false, 40, 0f, 9)]
    public void Long_sequences_agree_with_whole_matrices(bool causal, int window, float softcap, int threads)
    {
        AttentionOptions options = new() { Heads = 4, KvHeads = 2, Scale = 0.5f, Causal = causal, Window = window, Softcap = softcap };
        Segments segments = new(300, 1, 65, 128);
        RandomStream random = new(21, "long attention");
        CheckedInput[] inputs = [CheckedInput.Normal(random, (segments.Tokens, 4 * 16)), CheckedInput.Normal(random, (segments.Tokens, 2 * 16)), CheckedInput.Normal(random, (segments.Tokens, 2 * 8))];
        double[][] values = [.. inputs.Select(input => input.Values.Select(value => (double)value).ToArray())];
        using WorkerPool workers = new(threads);
        using Tape tape = new(workers);
        Tensor[] tensors = [.. inputs.Select(input => Tensor.From(input.Shape, input.Values, true))];
        Tensor y = tape.Attention(tensors[0], tensors[1], tensors[2], segments, options);
        GradCheck.AssertClose(Reference.Attention(values[0], values[1], values[2], segments, segments, options), y.Data, 1e-5, "output");
        Tensor[] plain = [.. inputs.Select(input => Tensor.From(input.Shape, input.Values, true))];
        Tensor z = WholeMatrices(tape, plain, segments, options);
        tape.Backward(tape.Sum(tape.Add(tape.Square(y), tape.Square(z))));
        for (int i = 0; i < 3; i++)
            GradCheck.AssertClose([.. plain[i].Grad.ToArray().Select(value => (double)value)], tensors[i].Grad, 5e-5, $"gradient {i}");
    }

    /// <summary>Attention from matrix products and a softmax over everything, masked with -∞.</summary>
    private static Tensor WholeMatrices(Tape tape, Tensor[] x, Segments segments, AttentionOptions options)
    {
        int n = segments.Tokens, size = x[0].Shape[1] / options.Heads, valueSize = x[2].Shape[1] / options.KvHeads;
        float[] mask = new float[n * n];
        Array.Fill(mask, float.NegativeInfinity);
        for (int s = 0; s < segments.Count; s++)
            for (int i = 0; i < segments.Length(s); i++)
            {
                (int first, int end) = AttentionSizes.Visible(i, segments.Length(s), options);
                for (int j = first; j < end; j++) mask[(segments.Start(s) + i) * n + segments.Start(s) + j] = 0;
            }
        Tensor hidden = tape.Constant((n, n), mask);
        Tensor[] heads = new Tensor[options.Heads];
        for (int h = 0; h < options.Heads; h++)
        {
            int kvHead = h * options.KvHeads / options.Heads;
            Tensor q = tape.Slice(x[0], 1, h * size, size), k = tape.Slice(x[1], 1, kvHead * size, size), v = tape.Slice(x[2], 1, kvHead * valueSize, valueSize);
            Tensor scores = tape.Scale(tape.MatMul(q, k, false, true), options.Scale);
            if (options.Softcap > 0) scores = tape.Softcap(scores, options.Softcap);
            heads[h] = tape.MatMul(tape.Softmax(tape.Add(scores, hidden)), v);
        }
        return tape.Concat(1, heads);
    }

    [Fact]
    public void What_comes_later_changes_nothing_before()
    {
        AttentionOptions options = new() { Heads = 2, KvHeads = 1, Scale = 0.5f };
        RandomStream random = new(22, "causal");
        CheckedInput q = CheckedInput.Normal(random, (150, 16)), k = CheckedInput.Normal(random, (150, 8)), v = CheckedInput.Normal(random, (150, 8));
        float[] before = Run(k.Values, v.Values), after = Run([.. k.Values.Select(Changed)], [.. v.Values.Select(Changed)]);
        Assert.Equal(before[..(100 * 16)], after[..(100 * 16)]);
        Assert.NotEqual(before[(100 * 16)..(101 * 16)], after[(100 * 16)..(101 * 16)]);

        static float Changed(float value, int index) => index < 100 * 8 ? value : value + 1;

        float[] Run(float[] keys, float[] values)
        {
            using Tape tape = new();
            return tape.Attention(Tensor.From(q.Shape, q.Values), Tensor.From(k.Shape, keys), Tensor.From(v.Shape, values), new Segments(150), options).Data.ToArray();
        }
    }

    [Fact]
    public void Sequences_do_not_see_each_other()
    {
        AttentionOptions options = new() { Heads = 2, KvHeads = 2, Scale = 0.5f, Causal = false };
        RandomStream random = new(23, "packed");
        CheckedInput x = CheckedInput.Normal(random, (90, 16));
        using Tape tape = new();
        Tensor all = Tensor.From(x.Shape, x.Values);
        Tensor packed = tape.Attention(all, all, all, new Segments(50, 0, 40), options);
        Tensor first = tape.Slice(all, 0, 0, 50), second = tape.Slice(all, 0, 50, 40);
        Assert.Equal(tape.Attention(first, first, first, new Segments(50), options).Data, packed.Data[..(50 * 16)]);
        Assert.Equal(tape.Attention(second, second, second, new Segments(40), options).Data, packed.Data[(50 * 16)..]);
    }

    [Fact]
    public void A_query_that_sees_nothing_gives_zero_and_no_gradient()
    {
        using Tape tape = new();
        RandomStream random = new(24, "padding");
        Tensor[] x = [.. Enumerable.Range(0, 3).Select(i => Tensor.From((i == 0 ? 5 : 3, 4), CheckedInput.Normal(random, (i == 0 ? 5 : 3, 4)).Values, true))];
        AttentionOptions options = new() { Heads = 1, KvHeads = 1, Scale = 0.5f };
        Tensor y = tape.Attention(x[0], x[1], x[2], new Segments(5), new Segments(3), options);
        Assert.All(y.Data[..8].ToArray(), value => Assert.Equal(0, value));
        tape.Backward(tape.Sum(tape.Square(y)));
        Assert.All(x[0].Grad[..8].ToArray(), value => Assert.Equal(0, value));
        Assert.All(x.SelectMany(tensor => tensor.Grad.ToArray()), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Huge_scores_stay_finite()
    {
        using Tape tape = new();
        Tensor q = Tensor.From((3, 2), [300, 0, 0, 300, -300, 300], true), k = Tensor.From((3, 2), [300, 0, -300, 10, 5, 300], true), v = Tensor.From((3, 1), [1, 2, 3], true);
        Tensor y = tape.Attention(q, k, v, new Segments(3), new AttentionOptions { Heads = 1, KvHeads = 1, Scale = 1 });
        Assert.Equal([1f, 2f, 2f], y.Data);
        tape.Backward(tape.Sum(tape.Square(y)));
        Assert.All(q.Grad.ToArray().Concat(k.Grad.ToArray()), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Memory_grows_linearly_with_the_tokens()
    {
        Assert.InRange(PeakOf(2048) / (double)PeakOf(1024), 1, 2.1);

        static long PeakOf(int tokens)
        {
            using WorkerPool workers = new(2);
            using Tape tape = new(workers);
            Tensor x = Tensor.Create((tokens, 32), true);
            new RandomStream(25, "memory").FillNormal(x.Data, 0, 1);
            Tensor y = tape.Attention(x, x, x, new Segments(tokens), new AttentionOptions { Heads = 2, KvHeads = 2, Scale = 0.25f });
            tape.Backward(tape.Sum(y));
            return tape.Memory.PeakBytes;
        }
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        using Tape tape = new();
        Tensor x = Tensor.Create((4, 6));
        AttentionOptions options = new() { Heads = 3, KvHeads = 3, Scale = 1 };
        Assert.Throws<ArgumentException>(() => tape.Attention(x, x, x, new Segments(3), options));
        Assert.Throws<ArgumentException>(() => tape.Attention(x, x, x, new Segments(4), options with { KvHeads = 2 }));
        Assert.Throws<ArgumentException>(() => tape.Attention(x, x, x, new Segments(4), new Segments(2, 2), options));
        Assert.Throws<ArgumentException>(() => tape.Attention(x, Tensor.Create((4, 3)), x, new Segments(4), options));
    }
}
