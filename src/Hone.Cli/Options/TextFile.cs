namespace Hone.Cli.Options;

/// <summary>Text files that a user names.</summary>
internal static class TextFile
{
    /// <summary>All of a file's text.</summary>
    /// <exception cref="HoneException">It is not there, cannot be read, or holds nothing.</exception>
    public static string Read(string path)
    {
        if (Directory.Exists(path)) throw new HoneException($"{path} is a folder; give a text file.");
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. Give a text file.");
        try
        {
            string text = File.ReadAllText(path);
            return string.IsNullOrWhiteSpace(text) ? throw new HoneException($"{path}: the file is empty. Give one with text.") : text;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new HoneException($"{path}: cannot be read: {error.Message}", error);
        }
    }
}
