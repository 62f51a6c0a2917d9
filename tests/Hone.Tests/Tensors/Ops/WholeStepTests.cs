using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Memory;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Ops;

/// <summary>Memory, determinism and recomputation over whole training steps of a small decoder.</summary>
public sealed class WholeStepTests
{
    private const int Vocabulary = 96;
    private static readonly int[] Lengths = [40, 7, 90, 1];
    private static readonly int[] Ids = Draw("ids"), Targets = Draw("targets");

    private static int[] Draw(string purpose)
    {
        RandomStream random = new(9, purpose);
        return [.. Enumerable.Range(0, Lengths.Sum()).Select(_ => random.Next(Vocabulary))];
    }

    private static TinyDecoder Model(int depth = 3, bool recompute = false)
    {
        Segments segments = new(Lengths);
        int[] positions = new int[segments.Tokens];
        segments.FillPositions(positions);
        return new(Vocabulary, depth, recompute) { Segments = segments, Positions = positions };
    }

    private static float[] Gradients(TinyDecoder model) => [.. model.Parameters.SelectMany(parameter => parameter.Grad.ToArray())];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_same_threads_give_the_same_bits(int threads)
    {
        float[]? first = null;
        for (int run = 0; run < 3; run++)
        {
            using WorkerPool workers = new(threads);
            using Tape tape = new(workers);
            TinyDecoder model = Model();
            model.Step(tape, Ids, Targets);
            float[] gradients = Gradients(model);
            Assert.Equal(first ??= gradients, gradients);
        }
    }

    /// <summary>More than is promised: every sum is made by one thread in a fixed order, so the number of threads plays no part.</summary>
    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        float[][] gradients = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            using WorkerPool workers = new(threads);
            using Tape tape = new(workers);
            TinyDecoder model = Model();
            model.Step(tape, Ids, Targets);
            return Gradients(model);
        })];
        Assert.Equal(gradients[0], gradients[1]);
        Assert.Equal(gradients[0], gradients[2]);
    }

    [Fact]
    public void After_warm_up_a_step_allocates_only_its_nodes()
    {
        using WorkerPool workers = new(2);
        using BufferPool memory = new();
        using Tape tape = new(workers, memory);
        TinyDecoder model = Model();
        for (int step = 0; step < 3; step++) OneStep();
        long pooled = memory.AllocatedBytes, before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < 10; step++) OneStep();
        long perStep = (GC.GetAllocatedBytesForCurrentThread() - before) / 10;
        Assert.Equal(pooled, memory.AllocatedBytes);
        Assert.Equal(0, memory.RentedBytes);
        // 3 layers of 17 operations and 3 more: a result and a node of about 100 bytes each, and what some keep besides.
        Assert.InRange(perStep, 1, 54 * 320);

        void OneStep()
        {
            model.Step(tape, Ids, Targets);
            model.ClearGradients();
            tape.Reset();
        }
    }

    [Fact]
    public void A_tape_that_does_not_record_keeps_no_nodes_and_gives_the_same_numbers()
    {
        using WorkerPool workers = new(2);
        TinyDecoder model = Model();
        using Tape recording = new(workers), plain = new(workers, recording: false);
        Tensor expected = model.Hidden(recording, Ids), actual = model.Hidden(plain, Ids);
        Assert.Equal(expected.Data, actual.Data);
        Assert.False(actual.RequiresGrad);
    }

    [Fact]
    public void Recomputation_gives_the_same_bits_in_less_memory()
    {
        (float[] kept, long keptPeak) = Run(recompute: false);
        (float[] recomputed, long recomputedPeak) = Run(recompute: true);
        Assert.Equal(kept, recomputed);
        Assert.InRange(recomputedPeak, 1, keptPeak / 2);

        static (float[] Gradients, long Peak) Run(bool recompute)
        {
            using WorkerPool workers = new(2);
            using BufferPool memory = new();
            using Tape tape = new(workers, memory);
            TinyDecoder model = Model(8, recompute);
            model.Step(tape, Ids, Targets);
            tape.Reset();
            Assert.Equal(0, memory.RentedBytes);
            return (Gradients(model), memory.PeakBytes);
        }
    }

    [Fact]
    public void Recomputation_draws_the_same_numbers_again()
    {
        Tensor x = Tensor.Create((64, 64), true), y = Tensor.Create((64, 64), true);
        new RandomStream(1, "x").FillNormal(x.Data, 0, 1);
        x.Data.CopyTo(y.Data);
        using Tape tape = new();
        RandomStream plain = new(2, "dropout"), again = new(2, "dropout");
        Tensor expected = tape.Square(tape.Dropout(x, 0.5f, plain));
        Tensor actual = tape.Checkpoint(y, (t, v) => t.Square(t.Dropout(v, 0.5f, again)), again);
        Assert.Equal(expected.Data, actual.Data);
        tape.Backward(tape.Sum(tape.Add(expected, actual)));
        Assert.Equal(x.Grad, y.Grad);
        Assert.Equal(plain.Position, again.Position);
    }

    [Fact]
    public void Recomputation_nests_and_adds_to_gradients_that_are_there()
    {
        CheckedInput x = CheckedInput.Normal(new RandomStream(3, "nested"), (3, 4)), w = CheckedInput.Normal(new RandomStream(4, "nested"), (4, 4));
        GradCheck.Run(
            (t, v) => t.Add(v[0], t.Checkpoint(v[0], (outer, a) => outer.Checkpoint(outer.Linear(a, v[1]), (inner, b) => inner.Linear(inner.Square(b), v[1])))),
            v => [.. v[0].Zip(Reference.Linear([.. Reference.Linear(v[0], v[1], null, 4).Select(z => z * z)], v[1], null, 4), (a, b) => a + b)], x, w);
    }

    [Fact]
    public void Later_tokens_and_other_sequences_do_not_change_a_prediction()
    {
        using Tape tape = new();
        TinyDecoder model = Model();
        float[] before = model.Hidden(tape, Ids).Data.ToArray();
        int[] changed = [.. Ids];
        (changed[20], changed[100]) = ((changed[20] + 1) % Vocabulary, (changed[100] + 1) % Vocabulary);
        float[] after = model.Hidden(tape, changed).Data.ToArray();
        for (int token = 0; token < Ids.Length; token++)
        {
            bool later = token is >= 20 and < 40 or >= 100 and < 137;
            Assert.Equal(!later, before.AsSpan(token * 32, 32).SequenceEqual(after.AsSpan(token * 32, 32)));
        }
    }

    [Fact]
    public void Gradients_of_parts_of_a_batch_add_up_to_those_of_the_batch()
    {
        using Tape tape = new();
        TinyDecoder whole = Model();
        whole.Step(tape, Ids, Targets);
        TinyDecoder parts = Model();
        for (int start = 0, i = 0; i < Lengths.Length; start += Lengths[i++])
        {
            (parts.Segments, parts.Positions) = (new Segments(Lengths[i]), [.. Enumerable.Range(0, Lengths[i])]);
            Tensor hidden = parts.Hidden(tape, Ids[start..(start + Lengths[i])]);
            tape.Backward(tape.LinearCrossEntropy(hidden, parts.Parameters[0], Targets.AsSpan(start, Lengths[i])), 1f / Ids.Length);
            tape.Reset();
        }
        GradCheck.AssertClose([.. Gradients(whole).Select(value => (double)value)], Gradients(parts), 1e-5, "gradient");
    }
}
