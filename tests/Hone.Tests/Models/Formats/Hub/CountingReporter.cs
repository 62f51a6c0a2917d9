namespace Hone.Tests.Models.Formats.Hub;

/// <summary>Remembers what it was told.</summary>
internal sealed class CountingReporter : IReporter, IProgressTask
{
    public List<string> Warnings { get; } = [];

    public long Advanced { get; private set; }

    public void Line(string text) { }

    public void Warn(string text) => Warnings.Add(text);

    public IProgressTask Start(string title, long total, string unit) => this;

    public void Advance(long units, string? note = null) => Advanced += units;

    public void Dispose() { }
}
