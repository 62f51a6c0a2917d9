using System.Text;

namespace Hone.Models.Templates;

/// <summary>Text under construction that reports every character to the render's limits.</summary>
internal sealed class BoundedText(RenderState state)
{
    private readonly StringBuilder text = new();

    public int Length => text.Length;

    public BoundedText Append(ReadOnlySpan<char> piece)
    {
        state.ChargeText(piece.Length, text.Length + (long)piece.Length);
        text.Append(piece);
        return this;
    }

    public BoundedText Append(char piece) => Append([piece]);

    public override string ToString() => text.ToString();
}
