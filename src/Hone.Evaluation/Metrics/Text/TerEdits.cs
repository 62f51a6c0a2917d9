namespace Hone.Evaluation.Metrics.Text;

/// <summary>Edit distance of a hypothesis to one reference within a beam around the diagonal, with the alignment Tercom derives from it.</summary>
internal sealed class TerEdits(string[] reference)
{
    private const int Beam = 25, Infinite = int.MaxValue / 2;

    private enum Edit : byte
    {
        Keep,
        Replace,
        Delete,
        Insert,
    }

    /// <summary>Insertions, deletions and replacements.</summary>
    public int Distance(string[] hypothesis) => Table(hypothesis).Cost[^1][reference.Length];

    /// <summary>
    /// For each reference word the hypothesis word it is aligned with, and which words of either side are wrong.
    /// </summary>
    public (int Distance, int[] Aligned, bool[] ReferenceWrong, bool[] HypothesisWrong) Align(string[] hypothesis)
    {
        (int[][] cost, Edit[][] edits) = Table(hypothesis);
        int[] aligned = new int[reference.Length];
        bool[] referenceWrong = new bool[reference.Length], hypothesisWrong = new bool[hypothesis.Length];
        int i = hypothesis.Length, j = reference.Length;
        while (i > 0 || j > 0)
        {
            switch (edits[i][j])
            {
                case Edit.Keep or Edit.Replace:
                    bool wrong = edits[i--][j--] == Edit.Replace;
                    aligned[j] = i;
                    referenceWrong[j] = hypothesisWrong[i] = wrong;
                    break;
                case Edit.Delete:
                    hypothesisWrong[--i] = true;
                    break;
                default:
                    // A missing word is aligned with the hypothesis word before its place.
                    aligned[--j] = i - 1;
                    referenceWrong[j] = true;
                    break;
            }
        }
        return (cost[^1][reference.Length], aligned, referenceWrong, hypothesisWrong);
    }

    private (int[][] Cost, Edit[][] Edits) Table(string[] hypothesis)
    {
        int n = reference.Length;
        int[][] cost = new int[hypothesis.Length + 1][];
        Edit[][] edits = new Edit[hypothesis.Length + 1][];
        for (int i = 0; i <= hypothesis.Length; i++)
        {
            (cost[i], edits[i]) = (new int[n + 1], new Edit[n + 1]);
            Array.Fill(cost[i], Infinite);
        }
        for (int j = 0; j <= n; j++) (cost[0][j], edits[0][j]) = (j, Edit.Insert);
        double ratio = hypothesis.Length > 0 ? (double)n / hypothesis.Length : 1;
        int beam = ratio / 2 > Beam ? (int)Math.Ceiling(ratio / 2 + Beam) : Beam;
        for (int i = 1; i <= hypothesis.Length; i++)
        {
            int diagonal = (int)Math.Floor(i * ratio), low = Math.Max(0, diagonal - beam);
            int high = i == hypothesis.Length ? n + 1 : Math.Min(n + 1, diagonal + beam);
            for (int j = low; j < high; j++) Cell(hypothesis, cost, edits, i, j);
        }
        return (cost, edits);
    }

    /// <summary>Keeping or replacing goes before deleting, deleting before inserting, as in Tercom.</summary>
    private void Cell(string[] hypothesis, int[][] cost, Edit[][] edits, int i, int j)
    {
        if (j > 0)
        {
            bool same = hypothesis[i - 1] == reference[j - 1];
            Offer(cost[i - 1][j - 1] + (same ? 0 : 1), same ? Edit.Keep : Edit.Replace);
        }
        Offer(cost[i - 1][j] + 1, Edit.Delete);
        if (j > 0) Offer(cost[i][j - 1] + 1, Edit.Insert);

        void Offer(int total, Edit edit)
        {
            if (total < cost[i][j]) (cost[i][j], edits[i][j]) = (total, edit);
        }
    }
}
