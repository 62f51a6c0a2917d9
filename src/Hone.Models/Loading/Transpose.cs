namespace Hone.Models.Loading;

internal static class Transpose
{
    /// <summary>Writes the transpose of a [rows, columns] matrix, tile by tile so that both sides stay in cache.</summary>
    public static void Copy(ReadOnlySpan<float> source, int rows, int columns, Span<float> target)
    {
        const int Tile = 32;
        for (int r = 0; r < rows; r += Tile)
            for (int c = 0; c < columns; c += Tile)
                for (int i = r; i < Math.Min(r + Tile, rows); i++)
                    for (int j = c; j < Math.Min(c + Tile, columns); j++) target[j * rows + i] = source[i * columns + j];
    }
}
