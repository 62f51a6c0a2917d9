using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace Hone.Core.Recipes;

/// <summary>
/// Doc comments at run time, read from the XML file the compiler writes beside an assembly. They are the help text of
/// options, so that a setting is explained in one place.
/// </summary>
public static partial class DocComments
{
    private static readonly ConcurrentDictionary<Assembly, Dictionary<string, XElement>> Files = new();

    /// <summary>The summary of a type; empty where there is none.</summary>
    public static string Of(Type type) => Plain(Member(type, $"T:{NameOf(type)}")?.Element("summary"));

    /// <summary>The summary of a property, or of the constructor parameter it comes from; empty where there is none.</summary>
    public static string Of(PropertyInfo property)
    {
        Type type = property.DeclaringType!;
        XElement? own = Member(type, $"P:{NameOf(type)}.{property.Name}")?.Element("summary");
        XElement? parameter = Member(type, $"T:{NameOf(type)}")?.Elements("param")
            .FirstOrDefault(param => param.Attribute("name")?.Value == property.Name);
        return Plain(own ?? parameter);
    }

    private static string NameOf(Type type) => (type.FullName ?? type.Name).Replace('+', '.');

    private static XElement? Member(Type type, string id) => Files.GetOrAdd(type.Assembly, Load).GetValueOrDefault(id);

    private static Dictionary<string, XElement> Load(Assembly assembly)
    {
        string path = Path.ChangeExtension(assembly.Location, ".xml");
        if (assembly.Location.Length == 0 || !File.Exists(path)) return [];
        try
        {
            return XDocument.Load(path).Descendants("member")
                .Where(member => member.Attribute("name") is not null)
                .GroupBy(member => member.Attribute("name")!.Value)
                .ToDictionary(group => group.Key, group => group.First());
        }
        catch (XmlException)
        {
            return []; // A damaged file costs the help texts, nothing else.
        }
    }

    /// <summary>Running text: references become their last name, line breaks become spaces.</summary>
    private static string Plain(XElement? element)
    {
        if (element is null) return "";
        StringBuilder text = new();
        foreach (XNode node in element.DescendantNodes())
        {
            if (node is XText words) text.Append(words.Value);
            else if (node is XElement { FirstNode: null } reference)
                text.Append((reference.Attribute("cref") ?? reference.Attribute("name") ?? reference.Attribute("langword"))?.Value.Split('.', ':')[^1]);
        }
        return Spaces().Replace(text.ToString(), " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
