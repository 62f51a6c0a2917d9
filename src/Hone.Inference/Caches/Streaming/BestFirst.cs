namespace Hone.Inference.Caches.Streaming;

/// <summary>Indices from the best on, where few of many are wanted: a heap instead of a sort.</summary>
/// <param name="count">Indices from 0.</param>
/// <param name="isBetter">A strict order.</param>
internal struct BestFirst(int count, Func<int, int, bool> isBetter)
{
    private readonly int[] heap = Heap(count, isBetter);
    private int left = count;

    /// <summary>The best index not handed out yet; -1 when there is none.</summary>
    public int Next()
    {
        if (left == 0) return -1;
        int best = heap[0];
        heap[0] = heap[--left];
        Sink(heap, 0, left, isBetter);
        return best;
    }

    private static int[] Heap(int count, Func<int, int, bool> isBetter)
    {
        int[] heap = new int[count];
        for (int i = 0; i < count; i++) heap[i] = i;
        for (int i = count / 2 - 1; i >= 0; i--) Sink(heap, i, count, isBetter);
        return heap;
    }

    private static void Sink(int[] heap, int at, int count, Func<int, int, bool> isBetter)
    {
        int moved = heap[at];
        for (int child = 2 * at + 1; child < count; at = child, child = 2 * at + 1)
        {
            if (child + 1 < count && isBetter(heap[child + 1], heap[child])) child++;
            if (!isBetter(heap[child], moved)) break;
            heap[at] = heap[child];
        }
        heap[at] = moved;
    }
}
