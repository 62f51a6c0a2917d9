using System.Diagnostics;
using System.Text.Json.Nodes;
using Hone.Models.Templates;

namespace Hone.Tests.Models.Templates;

/// <summary>Templates made to hang or to fill memory end soon with an error.</summary>
public class HostileTemplateTests
{
    private const string Grow = "{% set ns = namespace(v=SEED) %}{% for i in range(200) %}{% set ns.v = STEP %}{% endfor %}";

    public static TheoryData<string> Bombs =>
    [
        Grow.Replace("SEED", "'xxxxxxxxxx'").Replace("STEP", "ns.v ~ ns.v"),
        Grow.Replace("SEED", "[1]").Replace("STEP", "ns.v + ns.v"),
        Grow.Replace("SEED", "[1]").Replace("STEP", "[ns.v, ns.v]") + "{{ ns.v }}",
        Grow.Replace("SEED", "[1]").Replace("STEP", "[ns.v, ns.v]") + "{{ ns.v | tojson }}",
        Grow.Replace("SEED", "[1]").Replace("STEP", "[ns.v, ns.v]") + "{% set a = ns.v %}" + Grow.Replace("SEED", "[1]").Replace("STEP", "[ns.v, ns.v]") + "{{ a == ns.v }}",
        Grow.Replace("SEED", "(1,)").Replace("STEP", "(ns.v, ns.v)") + "{{ {ns.v: 1} | length }}",
        Grow.Replace("SEED", "3").Replace("STEP", "ns.v * ns.v"),
        "{% set ns = namespace() %}{% set ns.self = ns %}{{ ns }}",
        "{{ 'a' * 10000000000 }}",
        "{{ [0] * 10000000000 }}",
        "{{ 10 ** (10 ** 10) }}",
        "{{ 9 ** 99999999 }}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' * 1000 }}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{{ m(n) ~ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%.1000000000f' % 1 }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ 'a'.center(2000000000) }}",
        "{{ 'a' | indent(2000000000, true) }}",
        "{{ [1] | tojson(indent=2000000000) }}",
        "{{ ('a' * 10000).replace('', 'b' * 100000) }}",
        "{{ ('a,' * 5000000).split(',') | length }}",
        "{{ '\\t'.expandtabs(2000000000) }}",
        "{{ [[1] | batch(2000000000, 'x') | list] }}",
        "{{ [1] | slice(2000000000) | list }}",
        "{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}",
        "{{ " + new string('[', 100_000) + new string(']', 100_000) + " }}",
        "{{ " + string.Concat(Enumerable.Repeat("not ", 100_000)) + "1 }}",
        "{{ " + string.Concat(Enumerable.Repeat("-", 100_000)) + "1 }}",
        "{{ x" + string.Concat(Enumerable.Repeat(".x", 300_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat("if 1 else 1 ", 100_000)) + " }}",
        string.Concat(Enumerable.Repeat("{% if true %}", 100_000)),
        string.Concat(Enumerable.Repeat("{% for x in [1, 1] %}", 1000)) + string.Concat(Enumerable.Repeat("{% endfor %}", 1000)),
        "{{ " + new string('9', 100_000) + " }}",
    ];

    /// <summary>Sixty thousand streams read each other: whether the stack has room for that depends on the machine; a crash it never is.</summary>
    [Fact]
    public void A_tower_of_streams_ends_soon_with_an_error_or_without()
    {
        ChatTemplate template = ChatTemplate.Parse("{% set ns = namespace(v=[1]) %}{% for i in range(60000) %}{% set ns.v = ns.v | map('string') %}{% endfor %}{{ ns.v | list }}");
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            Assert.Equal("['1']", template.Render([]));
        }
        catch (HoneException error)
        {
            Assert.Contains("line ", error.Message);
        }
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"{watch.Elapsed}");
    }

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Ends_soon_with_an_error(string template)
    {
        Stopwatch watch = Stopwatch.StartNew();
        HoneException error = Assert.Throws<HoneException>(() => ChatTemplate.Parse(template).Render([]));
        Assert.Contains("line ", error.Message);
        // Seconds of slack for a loaded machine; without limits these run for hours or end the process.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
    }

    [Fact]
    public void A_long_sum_is_no_attack()
    {
        string template = "{{ 1" + string.Concat(Enumerable.Repeat(" + 1", 500)) + " }}";
        Assert.Equal("501", ChatTemplate.Parse(template).Render([]));
    }

    [Fact]
    public void Deep_context_is_refused_or_printed_but_never_ends_the_process()
    {
        JsonNode deep = new JsonArray();
        for (int i = 0; i < 5000; i++) deep = new JsonArray(deep);
        HoneException error = Assert.Throws<HoneException>(() => ChatTemplate.Parse("{{ x }}").Render(new JsonObject { ["x"] = deep }));
        Assert.Contains("nested", error.Message);
    }

    [Fact]
    public void Nothing_of_dotnet_is_reachable()
    {
        string[] names = ["GetType", "ToString", "Value", "Items", "Count", "__class__", "__init__", "__globals__", "gi_frame"];
        foreach (string name in names)
            foreach (string value in new[] { "'x'", "[1]", "{'a': 1}", "1", "range(2)", "namespace()", "raise_exception", "'x'.upper" })
                Assert.Equal("False", ChatTemplate.Parse($"{{{{ ({value}).{name} is defined }}}}").Render([]));
    }

    /// <summary>Any text at all is parsed or refused, and what is parsed renders or fails, all within the limits.</summary>
    [Fact]
    public void Mutated_templates_never_crash()
    {
        string[] seeds = [.. File.ReadLines(SharedData.Golden("templates/snippets.jsonl")).Select(l => (string)JsonNode.Parse(l)!["template"]!)];
        const string noise = "{}%#-+|()[]'\"\\ \n.,:~*0aé\ud83c";
        RandomStream random = new(7, "mutations");
        TemplateOptions options = new() { Limits = new TemplateLimits { MaxSteps = 20_000, MaxText = 1 << 20, MaxOutput = 1 << 18 } };
        int rendered = 0;
        for (int i = 0; i < 5000; i++)
        {
            char[] text = seeds[random.Next(seeds.Length)].ToCharArray();
            for (int changes = 1 + random.Next(3); changes > 0; changes--) text[random.Next(text.Length)] = noise[random.Next(noise.Length)];
            try
            {
                ChatTemplate.Parse(new string(text)).Render([], options);
                rendered++;
            }
            catch (HoneException)
            {
                // Expected of most: any other exception fails the test.
            }
        }
        Assert.True(rendered > 100);
    }
}
