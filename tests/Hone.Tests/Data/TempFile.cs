using System.Text;

namespace Hone.Tests.Data;

/// <summary>A file with given content that is gone when the test ends.</summary>
internal sealed class TempFile : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hone-data-").FullName;

    public TempFile(string name, string content) : this(name, Encoding.UTF8.GetBytes(content)) { }

    public TempFile(string name, byte[] content)
    {
        Path = System.IO.Path.Combine(folder, name);
        File.WriteAllBytes(Path, content);
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
