using System.Text;

namespace Hone.Evaluation.LongContext;

/// <summary>Puts needles between units of filler and remembers where the evidence came to lie.</summary>
internal sealed class ContextBuilder(string instruction, string separator)
{
    private readonly List<(double Depth, string Text, bool IsEvidence)> needles = [];

    /// <summary>Adds a needle at a depth from 0 (start) to 1 (end); equal depths keep their order.</summary>
    public void Add(double depth, string text, bool isEvidence) => needles.Add((depth, text, isEvidence));

    /// <summary>Instruction and units with the needles between them.</summary>
    public (string Text, IReadOnlyList<TextSpan> Evidence) Build(int units, Func<int, string> unit)
    {
        StringBuilder text = new(instruction);
        List<TextSpan> evidence = [];
        (double Depth, string Text, bool IsEvidence)[] sorted = [.. needles.OrderBy(n => n.Depth)];
        int next = 0;
        bool first = true;
        for (int i = 0; i <= units; i++)
        {
            for (; next < sorted.Length && (i == units || sorted[next].Depth * units < i + 0.5); next++)
            {
                Put(sorted[next].Text);
                if (sorted[next].IsEvidence) evidence.Add(new(text.Length - sorted[next].Text.Length, sorted[next].Text.Length));
            }
            if (i < units) Put(unit(i));
        }
        return (text.ToString(), evidence);

        void Put(string piece)
        {
            if (!first || instruction.Length > 0 && !char.IsWhiteSpace(instruction[^1])) text.Append(separator);
            first = false;
            text.Append(piece);
        }
    }
}

/// <summary>A list whose items are made when first asked for, so that trying several lengths makes each only once.</summary>
internal sealed class LazyList<T>(Func<int, T> make)
{
    private readonly List<T> items = [];

    public T this[int index]
    {
        get
        {
            while (items.Count <= index) items.Add(make(items.Count));
            return items[index];
        }
    }
}
