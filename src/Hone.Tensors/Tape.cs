using Hone.Tensors.Memory;
using Hone.Tensors.Threads;

namespace Hone.Tensors;

/// <summary>What one operation does on the way back: reads its output's gradient, writes its inputs' gradients.</summary>
public abstract class BackwardNode
{
    /// <summary>The operation's result; its gradient is complete when <see cref="Backward"/> is called.</summary>
    public required Tensor Output { get; init; }

    /// <summary>Whether another operation's output shares this one's gradient, which then is not freed after <see cref="Backward"/>.</summary>
    internal virtual bool KeepsOutputGrad => false;

    /// <summary>Adds this operation's part to the gradients of its inputs that require one.</summary>
    public abstract void Backward(Tape tape);
}

/// <summary>
/// Runs operations at once and remembers how to differentiate them (reverse mode). Operations are extension methods in
/// Hone.Tensors.Ops, each with its backward pass beside its forward pass. One tape serves one thread and is used again for
/// every step: <see cref="Reset"/> returns all activations to the pool. A tape that does not record keeps nothing for the way
/// back and is what inference uses.
/// </summary>
public sealed class Tape : IDisposable
{
    private readonly List<BackwardNode> nodes = [];
    private readonly List<Tensor> owned = [];

    /// <param name="workers">Threads that run the kernels.</param>
    /// <param name="memory">Where activations live; shared between tapes of one thread.</param>
    /// <param name="recording">Whether a backward pass will follow.</param>
    public Tape(WorkerPool? workers = null, BufferPool? memory = null, bool recording = true)
    {
        Workers = workers ?? WorkerPool.Shared;
        Memory = memory ?? new BufferPool();
        Recording = recording;
    }

    /// <summary>Threads that run the kernels.</summary>
    public WorkerPool Workers { get; }

    /// <summary>Where activations live.</summary>
    public BufferPool Memory { get; }

    /// <summary>Whether operations are remembered for the way back.</summary>
    public bool Recording { get; }

    /// <summary>Whether an operation with this input has to be recorded.</summary>
    public bool Needs(Tensor? a) => Recording && a is { RequiresGrad: true };

    /// <summary>Whether an operation with these inputs has to be recorded.</summary>
    public bool Needs(Tensor? a, Tensor? b, Tensor? c = null) => Needs(a) || Needs(b) || Needs(c);

    /// <summary>A tensor of this tape with uninitialised numbers.</summary>
    public Tensor New(Shape shape, bool requiresGrad = false)
    {
        Tensor tensor = new(shape, Memory.Rent(shape.Count), Memory, requiresGrad);
        owned.Add(tensor);
        return tensor;
    }

    /// <summary>A tensor of this tape holding the given numbers; no gradient flows to it unless asked for.</summary>
    public Tensor Constant(Shape shape, ReadOnlySpan<float> values, bool requiresGrad = false)
    {
        Tensor tensor = New(shape, requiresGrad);
        values.CopyTo(tensor.Data);
        return tensor;
    }

    /// <summary>The same numbers without a gradient path back; its own gradient, if it is made to require one, is freed by this tape.</summary>
    internal Tensor NewDetached(Tensor source)
    {
        Tensor tensor = new(source.Shape, source, shareGrad: false, Memory);
        owned.Add(tensor);
        return tensor;
    }

    /// <summary>Remembers an operation.</summary>
    public void Record(BackwardNode node) => nodes.Add(node);

    /// <summary>
    /// Adds the gradient of <paramref name="loss"/> times <paramref name="seed"/> to every tensor it depends on. Gradients of
    /// parameters accumulate over calls until they are cleared; gradients of activations are freed as soon as they were used.
    /// </summary>
    /// <param name="loss">A scalar.</param>
    /// <param name="seed">Factor on all gradients.</param>
    public void Backward(Tensor loss, float seed = 1f)
    {
        if (loss.Count != 1) throw new ArgumentException($"backward starts from a scalar, not from shape {loss.Shape}");
        Backward(loss, [seed]);
    }

    /// <summary>Like the other overload, from a tensor of any shape with a given upstream gradient of that shape.</summary>
    public unsafe void Backward(Tensor output, ReadOnlySpan<float> upstream)
    {
        if (!Recording) throw new InvalidOperationException("this tape does not record");
        if (upstream.Length != output.Count) throw new ArgumentException($"{upstream.Length} upstream values for shape {output.Shape}");
        if (!output.RequiresGrad) return;
        if (output.BeginGrad(out float* grad)) throw new InvalidOperationException("the output already has a gradient");
        upstream.CopyTo(new Span<float>(grad, output.Count));
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            BackwardNode node = nodes[i];
            if (!node.Output.HasGrad) continue; // nothing downstream depended on it
            node.Backward(this);
            if (!node.KeepsOutputGrad) node.Output.ReleaseGrad();
        }
        nodes.Clear();
    }

    /// <summary>Returns all memory of this tape's tensors, which must not be used any more.</summary>
    public void Reset()
    {
        nodes.Clear();
        foreach (Tensor tensor in owned) tensor.Release();
        owned.Clear();
    }

    public void Dispose() => Reset();
}
