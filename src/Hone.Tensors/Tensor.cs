using Hone.Tensors.Memory;

namespace Hone.Tensors;

/// <summary>
/// A dense row-major block of fp32 numbers with an optional gradient of the same shape. Two kinds exist: those created with
/// <see cref="Create"/> own their memory (parameters, optimiser state); those that come from a <see cref="Tape"/> borrow it
/// and are valid until the tape is reset.
/// </summary>
public sealed unsafe class Tensor
{
    private NativeBuffer? data;
    private NativeBuffer? grad;
    private readonly BufferPool? pool;
    private readonly Tensor? dataOwner;
    private readonly Tensor? gradOwner;
    private bool hasGrad;
    private LaneGradient[] lanes = [];

    internal Tensor(Shape shape, NativeBuffer data, BufferPool? pool, bool requiresGrad)
    {
        (Shape, this.data, this.pool, RequiresGrad) = (shape, data, pool, requiresGrad);
    }

    /// <summary>
    /// The same numbers under another shape. A view shares the gradient too, so it needs no backward node; without sharing
    /// (detached) the gradient, if any is asked for, is its own and comes from <paramref name="pool"/>.
    /// </summary>
    internal Tensor(Shape shape, Tensor source, bool shareGrad, BufferPool? pool)
    {
        dataOwner = source.dataOwner ?? source;
        gradOwner = shareGrad ? source.gradOwner ?? source : null;
        (Shape, this.pool, RequiresGrad) = (shape, pool, shareGrad && source.RequiresGrad);
    }

    /// <summary>Sizes of the dimensions.</summary>
    public Shape Shape { get; private set; }

    /// <summary>Number of elements.</summary>
    public int Count => Shape.Count;

    /// <summary>Whether gradients flow to this tensor.</summary>
    public bool RequiresGrad { get; set; }

    /// <summary>The numbers.</summary>
    /// <exception cref="ObjectDisposedException">The tape that made the tensor was reset.</exception>
    public Span<float> Data => new(Pointer, Shape.Count);

    /// <summary>Start of the numbers, 64-byte aligned.</summary>
    public float* Pointer => dataOwner is not null ? dataOwner.Pointer
        : data is { } buffer ? buffer.Pointer
        : throw new ObjectDisposedException(nameof(Tensor), "its tape was reset");

    /// <summary>Whether a gradient was written since it was last cleared.</summary>
    public bool HasGrad => gradOwner?.HasGrad ?? (Lane is { } lane ? lane.Has : hasGrad);

    /// <summary>The gradient. Reading it where none was written is an error.</summary>
    public Span<float> Grad => HasGrad
        ? new((gradOwner ?? this).GradBuffer.Pointer, Shape.Count)
        : throw new InvalidOperationException($"no gradient was written to this tensor of shape {Shape}");

    /// <summary>A tensor that owns zeroed memory.</summary>
    public static Tensor Create(Shape shape, bool requiresGrad = false)
    {
        Tensor tensor = new(shape, new NativeBuffer(shape.Count), null, requiresGrad);
        tensor.Data.Clear();
        return tensor;
    }

    /// <summary>A tensor that owns a copy of the given numbers.</summary>
    public static Tensor From(Shape shape, ReadOnlySpan<float> values, bool requiresGrad = false)
    {
        if (values.Length != shape.Count) throw new ArgumentException($"{values.Length} values for shape {shape}");
        Tensor tensor = new(shape, new NativeBuffer(shape.Count), null, requiresGrad);
        values.CopyTo(tensor.Data);
        return tensor;
    }

    /// <summary>The single number of a one-element tensor.</summary>
    public float Item() => Count == 1 ? Data[0] : throw new InvalidOperationException($"Item() of shape {Shape}");

    /// <summary>
    /// Memory to write this tensor's gradient into. When the result is false the memory is uninitialised and the caller writes
    /// every element; when true the caller adds to what is there. This saves clearing and re-reading gradients that have one user.
    /// </summary>
    public bool BeginGrad(out float* target)
    {
        if (gradOwner is not null) return gradOwner.BeginGrad(out target);
        if (Lane is { } lane)
        {
            bool add = lane.Has;
            target = (lane.Buffer ??= new NativeBuffer(Shape.Count)).Pointer;
            lane.Has = true;
            return add;
        }
        bool accumulate = hasGrad;
        grad ??= pool?.Rent(Shape.Count) ?? new NativeBuffer(Shape.Count);
        hasGrad = true;
        target = grad.Pointer;
        return accumulate;
    }

    /// <summary>Like <see cref="BeginGrad"/>, but fresh memory is cleared, for operations that scatter into it.</summary>
    public float* BeginScatterGrad()
    {
        if (!BeginGrad(out float* target)) new Span<float>(target, Shape.Count).Clear();
        return target;
    }

    // Activations have no lanes: their tape belongs to one thread.
    private LaneGradient? Lane => lanes.Length == 0 || GradientLane.Current == 0 ? null : lanes[GradientLane.Current - 1];

    private NativeBuffer GradBuffer => Lane is { } lane ? lane.Buffer! : grad!;

    /// <summary>Makes room for gradients in lanes 1 to <paramref name="count"/>; memory is taken when one is written. See <see cref="GradientLane"/>.</summary>
    public void OpenLanes(int count)
    {
        int before = lanes.Length;
        if (before >= count) return;
        Array.Resize(ref lanes, count);
        for (int i = before; i < count; i++) lanes[i] = new LaneGradient();
    }

    /// <summary>
    /// Where this tensor has no gradient yet, that of a lane becomes it, and the lane is empty. False when both have one: then
    /// <see cref="AddLane"/> adds it, in pieces on several threads if that is worth it, and <see cref="CloseLane"/> empties the lane.
    /// </summary>
    public bool AdoptLane(int lane)
    {
        LaneGradient other = lanes[lane - 1];
        if (!other.Has) return true;
        if (hasGrad) return false;
        (grad, other.Buffer, hasGrad, other.Has) = (other.Buffer, grad, true, false);
        return true;
    }

    /// <summary>Adds numbers [start, start + length) of a lane's gradient to this tensor's.</summary>
    public void AddLane(int lane, int start, int length)
    {
        LaneGradient other = lanes[lane - 1];
        Span<float> to = new(grad!.Pointer + start, length);
        if (other.Has) System.Numerics.Tensors.TensorPrimitives.Add(to, new ReadOnlySpan<float>(other.Buffer!.Pointer + start, length), to);
    }

    /// <summary>Forgets a lane's gradient; its memory is kept for the next one.</summary>
    public void CloseLane(int lane) => lanes[lane - 1].Has = false;

    /// <summary>Forgets the gradient; its memory is kept for the next one.</summary>
    public void ClearGrad()
    {
        hasGrad = false;
        gradOwner?.ClearGrad();
    }

    /// <summary>Returns the gradient's memory.</summary>
    public void ReleaseGrad()
    {
        hasGrad = false;
        gradOwner?.ReleaseGrad();
        if (grad is null) return;
        if (pool is null) grad.Dispose();
        else pool.Return(grad);
        grad = null;
    }

    /// <summary>Returns all memory; only the tape calls it for its own tensors.</summary>
    internal void Release()
    {
        ReleaseGrad();
        if (data is null) return;
        if (pool is null) data.Dispose();
        else pool.Return(data);
        data = null;
    }

    public override string ToString() => $"Tensor{Shape}";
}
