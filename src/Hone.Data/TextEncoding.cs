using System.Text;

namespace Hone.Data;

/// <summary>Tells UTF-8 from older encodings.</summary>
internal static class TextEncoding
{
    /// <summary>
    /// UTF-8 where every byte of the file is valid UTF-8 or a byte order mark of UTF-16 comes first (readers honour it), else
    /// Latin-1: older exports of spreadsheets are written so, and losing their letters would be worse.
    /// </summary>
    public static Encoding Of(string path)
    {
        UTF8Encoding strict = new(false, throwOnInvalidBytes: true);
        Decoder decoder = strict.GetDecoder();
        byte[] bytes = new byte[1 << 16];
        char[] chars = new char[strict.GetMaxCharCount(bytes.Length)];
        using FileStream stream = File.OpenRead(path);
        try
        {
            bool first = true;
            for (int read; (read = stream.Read(bytes)) > 0; first = false)
            {
                if (first && bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]) break;
                decoder.GetChars(bytes, 0, read, chars, 0);
            }
            return new UTF8Encoding(false);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1;
        }
    }
}
