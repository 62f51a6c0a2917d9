using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>
/// Words that keys are made of. A key is an adjective and a noun; which pairs belong to training and which to tests is decided by
/// a hash of the two, so every word is seen in training while a quarter of the pairs is not.
/// </summary>
public static class KeyWords
{
    private const int Sides = 4;

    /// <summary>First words of keys.</summary>
    public static IReadOnlyList<string> Adjectives { get; } = Split(
        """
        able acid amber ample azure bald bare basic blank bleak blond blunt bold brave brief bright broad bronze calm cheap chief civil
        clean clear close cold coral cosy crisp cruel cubic curly damp dark dear deep dense dim dry dull dusty eager early
        easy empty equal exact faint fair false fancy fast fatal fierce fine firm flat fluid fond frail free fresh frosty full
        """);

    /// <summary>Second words of keys.</summary>
    public static IReadOnlyList<string> Nouns { get; } = Split(
        """
        acorn actor album alley anchor angle ankle apron arrow atlas attic badge baker balcony bandage banjo barrel basin basket beacon beaver
        bench berry bishop blanket blossom bottle boulder bracket branch bridge bubble bucket bundle butter button cabin cable cactus camera candle canoe
        canyon carpet castle cedar cellar chapel cherry chisel cinema circle cliff clover cobra collar comet compass copper cotton cradle crater crayon
        cricket crystal curtain daisy dancer dentist desert diamond dolphin donkey dragon drawer eagle elbow engine envelope falcon feather fiddle finger flute
        forest fossil fountain galaxy garlic giant ginger glacier goblet gravel guitar hammer harbor hazel helmet hermit hornet jacket jaguar jewel jungle
        kettle kitten ladder lagoon lantern lemon lizard locket magnet mammoth maple marble meadow medal melon mirror monkey mosaic muffin needle nickel
        """);

    /// <summary>A key of the wanted side.</summary>
    public static string Draw(RandomStream random, bool unseen)
    {
        while (true)
        {
            string adjective = random.Choose(Adjectives), noun = random.Choose(Nouns);
            if (IsUnseen(adjective, noun) == unseen) return $"{adjective} {noun}";
        }
    }

    /// <summary>Whether the pair is kept for tests.</summary>
    public static bool IsUnseen(string adjective, string noun)
    {
        ulong hash = 14695981039346656037UL; // FNV-1a, then SplitMix64's finaliser
        foreach (char c in adjective + " " + noun) hash = (hash ^ c) * 1099511628211UL;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        return (hash ^ (hash >> 31)) % Sides == 0;
    }

    internal static string[] Split(string words) => words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
