using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>Kinds of metadata values; the numbers are those in the file.</summary>
public enum GgufKind
{
    UInt8 = 0, Int8 = 1, UInt16 = 2, Int16 = 3, UInt32 = 4, Int32 = 5, Float32 = 6, Bool = 7,
    String = 8, Array = 9, UInt64 = 10, Int64 = 11, Float64 = 12,
}

/// <summary>
/// One metadata value with its kind in the file. Arrays read from a file are decoded when first asked for, and kept.
/// Thread-safe; arrays that were never asked for cannot be read after the file is closed.
/// </summary>
public sealed class GgufValue
{
    private readonly Lazy<object> value;

    internal GgufValue(GgufKind kind, object value) => (Kind, this.value) = (kind, new(value));

    internal GgufValue(GgufKind element, int count, Func<object> read)
    {
        (Kind, ElementKind, Count) = (GgufKind.Array, element, count);
        value = new(read, LazyThreadSafetyMode.ExecutionAndPublication);
    }

    public GgufKind Kind { get; }

    /// <summary>Kind of an array's items; null for other kinds.</summary>
    public GgufKind? ElementKind { get; }

    /// <summary>Number of items of an array; 0 for other kinds.</summary>
    public int Count { get; }

    /// <summary>
    /// The .NET value of that kind: <see cref="byte"/> to <see cref="double"/>, <see cref="bool"/>, <see cref="string"/>; for an
    /// array T[] of these, or GgufValue[] for an array of arrays.
    /// </summary>
    public object Value => value.Value;

    public static GgufValue Of(byte number) => new(GgufKind.UInt8, number);
    public static GgufValue Of(sbyte number) => new(GgufKind.Int8, number);
    public static GgufValue Of(ushort number) => new(GgufKind.UInt16, number);
    public static GgufValue Of(short number) => new(GgufKind.Int16, number);
    public static GgufValue Of(uint number) => new(GgufKind.UInt32, number);
    public static GgufValue Of(int number) => new(GgufKind.Int32, number);
    public static GgufValue Of(ulong number) => new(GgufKind.UInt64, number);
    public static GgufValue Of(long number) => new(GgufKind.Int64, number);
    public static GgufValue Of(float number) => new(GgufKind.Float32, number);
    public static GgufValue Of(double number) => new(GgufKind.Float64, number);
    public static GgufValue Of(bool flag) => new(GgufKind.Bool, flag);
    public static GgufValue Of(string text) => new(GgufKind.String, text);

    /// <summary>An array; the kind of its items follows from the .NET type.</summary>
    /// <exception cref="ArgumentException">The items' type has no kind.</exception>
    public static GgufValue Of(Array items) => new(KindOf(items.GetType().GetElementType()!), items.Length, () => items);

    /// <summary>Any whole number; null for other kinds and for numbers beyond 63 bits.</summary>
    public long? AsInteger() => Kind is GgufKind.Bool ? null : Value switch
    {
        byte v => v,
        sbyte v => v,
        ushort v => v,
        short v => v,
        uint v => v,
        int v => v,
        long v => v,
        ulong v when v <= long.MaxValue => (long)v,
        _ => null,
    };

    /// <summary>Any number; null for other kinds.</summary>
    public double? AsNumber() => Value switch
    {
        float v => v,
        double v => v,
        ulong v => v,
        _ => AsInteger(),
    };

    /// <summary>The value as a reader would write it; long arrays are cut.</summary>
    public override string ToString() => Kind != GgufKind.Array
        ? Convert.ToString(Value, System.Globalization.CultureInfo.InvariantCulture) ?? ""
        : $"{ElementKind}[{Count}]";

    private static GgufKind KindOf(Type type) => type switch
    {
        _ when type == typeof(byte) => GgufKind.UInt8,
        _ when type == typeof(sbyte) => GgufKind.Int8,
        _ when type == typeof(ushort) => GgufKind.UInt16,
        _ when type == typeof(short) => GgufKind.Int16,
        _ when type == typeof(uint) => GgufKind.UInt32,
        _ when type == typeof(int) => GgufKind.Int32,
        _ when type == typeof(ulong) => GgufKind.UInt64,
        _ when type == typeof(long) => GgufKind.Int64,
        _ when type == typeof(float) => GgufKind.Float32,
        _ when type == typeof(double) => GgufKind.Float64,
        _ when type == typeof(bool) => GgufKind.Bool,
        _ when type == typeof(string) => GgufKind.String,
        _ when type == typeof(GgufValue) => GgufKind.Array,
        _ => throw new ArgumentException($"GGUF has no kind for {type}", nameof(type)),
    };
}
