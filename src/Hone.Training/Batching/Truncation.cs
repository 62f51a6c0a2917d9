namespace Hone.Training.Batching;

/// <summary>Which end of a sequence that is too long survives.</summary>
public enum Truncation
{
    /// <summary>The first tokens: prompts stay whole, answers lose their end.</summary>
    KeepStart,

    /// <summary>The last tokens: answers stay whole, prompts lose their start.</summary>
    KeepEnd,
}

/// <summary>Cuts sequences.</summary>
public static class Truncations
{
    /// <summary>At most <paramref name="maxLength"/> items; 0 for no limit.</summary>
    public static T[] Cut<T>(this Truncation truncation, T[] items, int maxLength)
    {
        if (maxLength <= 0 || items.Length <= maxLength) return items;
        return truncation == Truncation.KeepStart ? items[..maxLength] : items[^maxLength..];
    }
}
