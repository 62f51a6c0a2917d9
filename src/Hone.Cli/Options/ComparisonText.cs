using Hone.Models.Loading;

namespace Hone.Cli.Options;

/// <summary>The text two models are compared on: the user's rows, or a text of our own.</summary>
internal static class ComparisonText
{
    private const int Window = 128; // few enough that tokens × vocabulary numbers of two models fit into memory

    private const string Own =
        """
        The harbour was quiet before sunrise. Two fishing boats lay against the stone wall, and a woman in a yellow coat was
        counting crates: twelve of herring, seven of crab, one that was broken and would have to be sold cheaply. "If the wind
        turns," she said, "we will be back by four." Nobody answered, because nobody expected the wind to turn.

        A list of what a small library needs: shelves that do not bend, light from the north, a catalogue that is easy to
        correct, and somebody who remembers where the odd things are kept. In 2019 the town spent 48,500 on the roof and 1,250
        on books; the year after it was the other way round, and the readers noticed.

        To compute the mean of a list, add all numbers and divide by how many there are. For 3, 5 and 10 this is 18 / 3 = 6.
        The median is the middle one after sorting, here 5. Which of the two describes the list better depends on whether one
        very large number should count for more than its place.

        def area(width, height):
            if width <= 0 or height <= 0:
                raise ValueError("sides must be positive")
            return width * height

        Water boils at a lower temperature on a mountain, since the air presses on it less. That is why rice takes longer there,
        and why a lid helps. Plants do not mind: they open their leaves when it is light, close them when it is dry, and turn
        slowly towards the window all day long without anyone seeing them move.

        Dear Ms Okafor, thank you for your letter of 3 May. We have looked at the bill again and you are right: the second
        delivery was counted twice. We will return 36.40 to your account within ten days. Please let us know if anything else
        is unclear. With kind regards, the office.
        """;

    /// <summary>Sequences of at most a window's length, together at most <paramref name="most"/> tokens.</summary>
    /// <exception cref="HoneException">A malformed row; a model without a tokenizer and no rows of ids.</exception>
    public static IEnumerable<int[]> Read(string? data, LoadedModel loaded, int most)
    {
        int window = Math.Min(Window, loaded.Model.Config.MaxPositions), left = most;
        if (most == 0) yield break;
        foreach (int[] ids in Texts(data, loaded))
            foreach (int[] part in ids.Chunk(window))
            {
                if (left < 2) yield break;
                int[] taken = part.Length > left ? part[..left] : part;
                left -= taken.Length;
                yield return taken;
            }
    }

    private static IEnumerable<int[]> Texts(string? data, LoadedModel loaded)
    {
        if (data is not null)
        {
            RowIds reader = new(loaded);
            return Jsonl.Read(data).Select(row => reader.Read(row).Ids);
        }
        if (loaded.Tokenizer is null)
            throw new HoneException("the model has no tokenizer, so it cannot be compared on a text. Give rows of ids with --data, or leave the comparison out with --tokens 0.");
        return [loaded.Tokenizer.Encode(Own)];
    }
}
