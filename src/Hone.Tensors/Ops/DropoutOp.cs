using Hone.Core;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>Dropout.</summary>
public static unsafe class DropoutOp
{
    /// <summary>
    /// Sets each number to 0 with probability p and divides the others by 1 - p. Srivastava et al. 2014. The i-th element is decided by
    /// the stream's i-th number from here on, so the result does not depend on threads and the way back draws the same ones again
    /// instead of keeping a mask. Acts whenever it is called: at inference do not call it.
    /// </summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">Any shape.</param>
    /// <param name="p">Probability in [0, 1); with 0 x itself is returned and nothing is drawn.</param>
    /// <param name="random">Advances by one number per element.</param>
    /// <exception cref="ArgumentOutOfRangeException">p is outside [0, 1).</exception>
    public static Tensor Dropout(this Tape tape, Tensor x, float p, RandomStream random)
    {
        if (!(p is >= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(p), $"dropout: probability {p}, a number in [0, 1) is needed");
        if (p == 0) return x;
        Tensor y = tape.New(x.Shape, tape.Needs(x));
        Job job = new(random.Key, random.Position, p, x.Pointer, y.Pointer, false);
        tape.Workers.For(x.Count, Unary.Grain, ref job);
        if (y.RequiresGrad) tape.Record(new Node { Output = y, X = x, Probability = p, Key = random.Key, Position = random.Position });
        random.Position += (ulong)x.Count;
        return y;
    }

    private readonly struct Job(ulong key, ulong position, float p, float* x, float* y, bool add) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            RandomStream random = new(key, position + (ulong)start);
            float factor = 1f / (1f - p);
            for (int i = start; i < end; i++)
            {
                float value = random.NextSingle() < p ? 0 : x[i] * factor;
                y[i] = add ? y[i] + value : value;
            }
        }
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required float Probability { get; init; }

        public required ulong Key { get; init; }

        public required ulong Position { get; init; }

        public override void Backward(Tape tape)
        {
            bool add = X.BeginGrad(out float* dx);
            fixed (float* dy = Output.Grad)
            {
                Job job = new(Key, Position, Probability, dy, dx, add);
                tape.Workers.For(X.Count, Unary.Grain, ref job);
            }
        }
    }
}
