using System.Buffers.Binary;
using System.Text;
using Hone.Models.Formats;

namespace Hone.Tests.Models.Formats;

public class SafetensorsHostileTests
{
    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4, "cut off")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 12, "appended")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "takes 12")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}", 8, "too large")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,0],\"data_offsets\":[0,0]}}", 0, "too large")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,8]}}", 8, "whole numbers")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,8]}}", 8, "whole numbers")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}", 8, "whole numbers")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "neither overlap")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9223372036854775807]}}", 8, "ends at byte")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "neither overlap")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "neither overlap")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "twice")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "twice")]
    [InlineData("{\"a\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "'F31'")]
    [InlineData("{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "a string, found a number")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "needs dtype")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "needs dtype")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":1}}", 4, "unknown field 'more'")]
    [InlineData("{\"a\":[]}", 0, "an object, found a list")]
    [InlineData("{\"__metadata__\":{\"a\":1}}", 0, "a string, found a number")]
    [InlineData("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "twice")]
    [InlineData("[]", 0, "an object, found a list")]
    [InlineData("{", 0, "not valid JSON")]
    [InlineData("{} x", 0, "not valid JSON")]
    [InlineData("{\"a\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}", 0, "found a list")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[[[[[[[[[[1]]]]]]]]]],\"data_offsets\":[0,4]}}", 4, "whole numbers")]
    [InlineData("{\"\\ud800\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "header")]
    public void A_header_that_lies_is_refused(string header, int dataBytes, string expected)
    {
        using TempFolder folder = new();
        string path = folder.Write("a.safetensors", FileWith(header, dataBytes));
        HoneException error = Assert.Throws<HoneException>(() => new SafetensorsFile(path).Dispose());
        Assert.Contains(expected, error.Message);
        Assert.StartsWith(path, error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void A_file_cut_in_its_header_is_refused(int bytes)
    {
        using TempFolder folder = new();
        string path = folder.Write("a.safetensors", FileWith("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8)[..bytes]);
        Assert.Throws<HoneException>(() => new SafetensorsFile(path).Dispose());
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData(100_000_001UL)]
    [InlineData(17UL)]
    public void A_header_length_beyond_the_file_allocates_nothing(ulong length)
    {
        using TempFolder folder = new();
        byte[] bytes = new byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        string path = folder.Write("a.safetensors", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<HoneException>(() => new SafetensorsFile(path).Dispose());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("../outside.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/inside.safetensors")]
    [InlineData("..\\outside.safetensors")]
    [InlineData("C:x.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    public void An_index_cannot_lead_out_of_its_folder(string shard)
    {
        using TempFolder folder = new();
        folder.Write("outside.safetensors", FileWith("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4));
        string index = folder.Write("model/model.safetensors.index.json", $"{{\"weight_map\":{{\"a\":{System.Text.Json.JsonSerializer.Serialize(shard)}}}}}");
        Assert.Contains("plain file name", Assert.Throws<HoneException>(() => new SafetensorsIndex(index).Dispose()).Message);
    }

    [Theory]
    [InlineData("{\"weight_map\":{\"a\":\"missing.safetensors\"}}", "not in its folder")]
    [InlineData("{\"weight_map\":{\"b\":\"one.safetensors\"}}", "'b' is not in one.safetensors")]
    [InlineData("{\"weight_map\":{\"a\":1}}", "expected a file name")]
    [InlineData("{\"weight_map\":{\"a\":\"one.safetensors\",\"a\":\"one.safetensors\"}}", "not valid JSON")]
    [InlineData("{\"weight_map\":[]}", "weight_map")]
    [InlineData("[]", "weight_map")]
    [InlineData("", "not valid JSON")]
    public void A_broken_index_is_refused(string json, string expected)
    {
        using TempFolder folder = new();
        folder.Write("one.safetensors", FileWith("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4));
        string index = folder.Write("model.safetensors.index.json", json);
        Assert.Contains(expected, Assert.Throws<HoneException>(() => new SafetensorsIndex(index).Dispose()).Message);
    }

    [Fact]
    public void An_index_nested_too_deep_is_refused()
    {
        using TempFolder folder = new();
        string index = folder.Write("model.safetensors.index.json", "{\"weight_map\":" + new string('[', 100_000));
        Assert.Contains("not valid JSON", Assert.Throws<HoneException>(() => new SafetensorsIndex(index).Dispose()).Message);
    }

    internal static byte[] FileWith(string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), file = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        return file;
    }
}
