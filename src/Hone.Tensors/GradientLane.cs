using Hone.Tensors.Memory;

namespace Hone.Tensors;

/// <summary>
/// Several backward passes at once through the same parameters, each on a thread and a tape of its own: inside a lane other than 0 what is
/// written to a parameter's gradient goes to memory of that lane. <see cref="Tensor.OpenLanes"/> comes before,
/// <see cref="Tensor.AdoptLane"/> and <see cref="Tensor.AddLane"/> afterwards.
/// </summary>
public readonly struct GradientLane : IDisposable
{
    [ThreadStatic]
    private static int current;

    private readonly int before;

    private GradientLane(int before) => this.before = before;

    internal static int Current => current;

    /// <summary>Lets the calling thread write to a lane until the result is disposed.</summary>
    /// <param name="lane">0 for the parameters' own gradients, otherwise a lane that was opened.</param>
    public static GradientLane Enter(int lane)
    {
        GradientLane entered = new(current);
        current = lane;
        return entered;
    }

    /// <summary>Back to the lane of before.</summary>
    public void Dispose() => current = before;
}

/// <summary>A parameter's gradient in one lane.</summary>
internal sealed class LaneGradient
{
    public NativeBuffer? Buffer;
    public bool Has;
}
