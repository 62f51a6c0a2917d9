using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Hone.Tests.Tensors.Ops;

/// <summary>Reads golden safetensors files for the tests of this folder: F32, F64 and I64, everything widened to double.</summary>
internal sealed class TensorFile
{
    private readonly byte[] bytes;
    private readonly JsonElement header;
    private readonly int start;

    public TensorFile(string path)
    {
        bytes = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        header = JsonDocument.Parse(Encoding.UTF8.GetString(bytes, 8, length)).RootElement;
        start = 8 + length;
    }

    public bool Has(string name) => header.TryGetProperty(name, out _);

    public int[] Shape(string name) => [.. header.GetProperty(name).GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())];

    public double[] Values(string name)
    {
        JsonElement entry = header.GetProperty(name);
        int from = entry.GetProperty("data_offsets")[0].GetInt32(), to = entry.GetProperty("data_offsets")[1].GetInt32();
        ReadOnlySpan<byte> data = bytes.AsSpan(start + from, to - from);
        return entry.GetProperty("dtype").GetString() switch
        {
            "F64" => MemoryMarshal.Cast<byte, double>(data).ToArray(),
            "F32" => [.. MemoryMarshal.Cast<byte, float>(data).ToArray().Select(value => (double)value)],
            "I64" => [.. MemoryMarshal.Cast<byte, long>(data).ToArray().Select(value => (double)value)],
            string other => throw new InvalidDataException($"{name}: dtype {other}"),
            null => throw new InvalidDataException($"{name}: no dtype"),
        };
    }
}
