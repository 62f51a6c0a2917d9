namespace Hone.Models.Templates;

/// <summary>A stable merge sort whose comparison may throw; the library's sort wraps what it throws.</summary>
internal static class StableSort
{
    /// <summary>Sorts by <paramref name="key"/> in Python's order; equal keys keep their order, also when reversed.</summary>
    public static T[] Sort<T>(RenderState state, IReadOnlyCollection<T> items, Func<T, JinjaValue> key, bool reverse = false)
    {
        T[] sorted = [.. items];
        JinjaValue[] keys = [.. sorted.Select(key)];
        Merge(state, sorted, keys, reverse ? -1 : 1);
        return sorted;
    }

    private static void Merge<T>(RenderState state, Span<T> items, Span<JinjaValue> keys, int sign)
    {
        if (items.Length < 2) return;
        int half = items.Length / 2;
        Merge(state, items[..half], keys[..half], sign);
        Merge(state, items[half..], keys[half..], sign);
        T[] left = items[..half].ToArray();
        JinjaValue[] leftKeys = keys[..half].ToArray();
        for (int i = 0, j = half, k = 0; i < half; k++)
        {
            bool takeRight = j < items.Length && sign * Operators.Order(state, keys[j], leftKeys[i]) < 0;
            (items[k], keys[k]) = takeRight ? (items[j], keys[j++]) : (left[i], leftKeys[i++]);
        }
    }
}
