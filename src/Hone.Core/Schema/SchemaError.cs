namespace Hone.Core.Schema;

/// <summary>One way in which a value does not meet a schema.</summary>
/// <param name="Keyword">The keyword that failed; "false" for the schema that accepts nothing.</param>
/// <param name="InstancePath">JSON pointer to the value; empty for the whole.</param>
/// <param name="SchemaPath">JSON pointer to the keyword; a <c>$ref</c> on the way is passed through without a trace, so the rest counts from its target.</param>
/// <param name="Message">What was found and expected, in words a model can use to repair its answer.</param>
public sealed record SchemaError(string Keyword, string InstancePath, string SchemaPath, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{(InstancePath.Length == 0 ? "the value" : InstancePath)}: {Message}";
}
