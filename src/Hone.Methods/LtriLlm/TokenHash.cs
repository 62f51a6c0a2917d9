using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Hone.Methods.LtriLlm;

/// <summary>Says whether two streams read the same tokens, however they were cut into pieces.</summary>
internal sealed class TokenHash : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>32 bytes for the tokens so far.</summary>
    public byte[] Value => hash.GetCurrentHash();

    public void Add(ReadOnlySpan<int> tokens) => hash.AppendData(MemoryMarshal.AsBytes(tokens));

    public void Dispose() => hash.Dispose();
}
