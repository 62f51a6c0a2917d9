namespace Hone.Core.Recipes;

/// <summary>
/// A component named in a recipe with its own options: <c>objective: { use: rise, beta: 0.1 }</c>, or just
/// <c>objective: rise</c>. It holds the options, not the component: every <see cref="Use{T}.Create"/> makes a new one, so
/// two parts of a run never share state by accident, and the resolved recipe can be written back.
/// </summary>
public abstract class Use
{
    private protected Use(string name, object? options) => (Name, Options) = (name, options);

    /// <summary>The registered name.</summary>
    public string Name { get; }

    /// <summary>The component's options record; null for a component without options.</summary>
    public object? Options { get; }

    public override string ToString() => Name;

    internal static bool IsUse(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Use<>);
}

/// <summary>A component named in a recipe, asked for by its interface; see <see cref="Use"/>.</summary>
/// <typeparam name="T">The interface that is asked for.</typeparam>
public sealed class Use<T> : Use where T : class
{
    private readonly Func<object?, object> factory;

    internal Use(string name, object? options, Func<object?, object> factory) : base(name, options) => this.factory = factory;

    /// <summary>A new component from the options.</summary>
    public T Create() => (T)factory(Options);
}

/// <summary>Makes a <see cref="Use{T}"/> in code, for the defaults of an options record.</summary>
public static class Using
{
    /// <summary>The component registered as <paramref name="name"/>, with the given options.</summary>
    public static Use<T> Component<T, TOptions>(string name, TOptions options, Func<TOptions, T> factory)
        where T : class where TOptions : class => new(name, options, o => factory((TOptions)o!));

    /// <summary>A component without options.</summary>
    public static Use<T> Component<T>(string name, Func<T> factory) where T : class => new(name, null, _ => factory());
}
