namespace Hone.Inference.Caches;

/// <summary>Scores the slots of a head by its keys alone.</summary>
/// <param name="score">Given the keys [slots, D], D, and the scores [slots] to fill.</param>
internal sealed class KeyScorer(Action<float[], int, float[]> score) : ILayerScorer
{
    public void Score(IKvView view, KvTarget target, float[][] scores)
    {
        for (int head = 0; head < scores.Length; head++) score(view.Keys(head), view.Layer.HeadSize, scores[head]);
    }
}

/// <summary>Whole heads of a view.</summary>
internal static class KvViews
{
    /// <summary>[slots, D] keys of a head.</summary>
    public static float[] Keys(this IKvView view, int kvHead)
    {
        float[] keys = new float[view.Count(kvHead) * view.Layer.HeadSize];
        view.ReadKeys(kvHead, 0, keys);
        return keys;
    }

    /// <summary>[slots, D] values of a head.</summary>
    public static float[] Values(this IKvView view, int kvHead)
    {
        float[] values = new float[view.Count(kvHead) * view.Layer.HeadSize];
        view.ReadValues(kvHead, 0, values);
        return values;
    }

    /// <summary>Slots that hold the tokens at the first positions.</summary>
    /// <param name="view">The layer.</param>
    /// <param name="kvHead">Head.</param>
    /// <param name="before">Positions below this one.</param>
    public static int SlotsBefore(this IKvView view, int kvHead, int before)
    {
        int found = view.Positions(kvHead).BinarySearch(before);
        return found < 0 ? ~found : found;
    }
}
