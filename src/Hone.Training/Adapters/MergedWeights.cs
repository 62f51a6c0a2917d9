using Hone.Tensors;

namespace Hone.Training.Adapters;

/// <summary>Copies of weights from before a merge. Undoing by subtraction would not give the same bits.</summary>
internal sealed class MergedWeights
{
    private readonly Dictionary<Parameter, float[]> before = [];

    public bool Any => before.Count > 0;

    /// <summary>Replaces a weight, keeping what it was.</summary>
    public void Replace(Parameter weight, float[] values)
    {
        before[weight] = weight.Value.Data.ToArray();
        values.CopyTo(weight.Value.Data);
    }

    /// <summary>Brings every weight back.</summary>
    public void Restore()
    {
        foreach ((Parameter weight, float[] values) in before) values.CopyTo(weight.Value.Data);
        before.Clear();
    }
}
