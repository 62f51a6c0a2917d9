namespace Hone.Core;

/// <summary>
/// Writes that either happen whole or not at all: to a temporary name beside the target, flushed to disk, then renamed.
/// </summary>
public static class AtomicFile
{
    /// <summary>Replaces <paramref name="path"/> with what <paramref name="write"/> puts into the stream.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        string temporary = $"{full}.{Environment.ProcessId}.tmp";
        try
        {
            using (FileStream stream = new(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Replaces <paramref name="path"/> with UTF-8 text, without a byte order mark.</summary>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    /// <summary>
    /// Builds a folder under a temporary name, then renames it to <paramref name="folder"/>. An older folder of that name is
    /// moved aside first and deleted last, so that at every moment one whole version exists.
    /// </summary>
    public static void WriteFolder(string folder, Action<string> write)
    {
        string full = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar);
        string temporary = $"{full}.{Environment.ProcessId}.tmp", old = $"{full}.old";
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        DeleteFolder(temporary);
        Directory.CreateDirectory(temporary);
        try
        {
            write(temporary);
        }
        catch
        {
            DeleteFolder(temporary);
            throw;
        }
        if (Directory.Exists(full))
        {
            DeleteFolder(old);
            Directory.Move(full, old);
        }
        Directory.Move(temporary, full);
        DeleteFolder(old);
    }

    /// <summary>
    /// After a crash between the two renames of <see cref="WriteFolder"/> only the older version exists, under its spare
    /// name: puts it back. Call before reading a folder that may have been written when the process died.
    /// </summary>
    public static void RecoverFolder(string folder)
    {
        string full = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar);
        if (!Directory.Exists(full) && Directory.Exists($"{full}.old")) Directory.Move($"{full}.old", full);
    }

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }
}
