using System.Text;
using System.Text.Json.Nodes;
using Hone.Models.Loading;
using Hone.Models.Templates;
using Hone.Training.Adapters;

namespace Hone.Tests.Models.Formats;

/// <summary>
/// Damaged settings beside good weights, damaged templates, damaged adapters: opening the whole model refuses them with a
/// sentence, without allocating what their numbers ask for. HONE_FUZZ sets the number of damaged files, as in the other tests.
/// </summary>
public class FuzzedModelTests
{
    private const int DefaultMutations = 150;
    private const long MaxAllocation = 96L << 20;

    private static readonly int Mutations = int.TryParse(Environment.GetEnvironmentVariable("HONE_FUZZ"), out int count) ? count : DefaultMutations;

    [Theory]
    [InlineData("llama_gqa")]
    [InlineData("qwen3")]
    [InlineData("gemma2")]
    [InlineData("gpt2")]
    public void Settings(string model)
    {
        using TempFolder folder = new();
        foreach (string file in Directory.EnumerateFiles(SharedData.Golden($"models/{model}"))) File.Copy(file, folder[Path.GetFileName(file)]);
        byte[] whole = File.ReadAllBytes(folder["config.json"]);
        Fuzz($"config/{model}", whole, damaged =>
        {
            File.WriteAllBytes(folder["config.json"], damaged);
            ModelLoader.Load(Path.GetDirectoryName(folder["config.json"])!);
        });
    }

    [Fact]
    public void Settings_of_a_whole_model_in_gguf()
    {
        using TempFolder folder = new();
        GgufSaver.Save(folder["model.gguf"], ModelLoader.Load(SharedData.Golden("models/qwen3")).Model, Hone.Models.Formats.WeightType.F32);
        Fuzz("gguf/model", File.ReadAllBytes(folder["model.gguf"]), damaged =>
        {
            File.WriteAllBytes(folder["model.gguf"], damaged);
            ModelLoader.Load(folder["model.gguf"]);
        });
    }

    [Fact]
    public void Adapters()
    {
        const string Config = """
            {"peft_type":"LORA","r":4,"lora_alpha":8,"target_modules":["q_proj","v_proj"],"use_rslora":false,"use_dora":false,"bias":"none",
            "rank_pattern":{"q_proj":2},"alpha_pattern":{},"modules_to_save":null,"layers_to_transform":[0,1],"layers_pattern":"layers"}
            """;
        using TempFolder folder = new();
        Fuzz("adapter", Encoding.UTF8.GetBytes(Config), damaged =>
        {
            File.WriteAllBytes(folder["adapter_config.json"], damaged);
            LoraConfig.Load(folder["adapter_config.json"]);
        });
    }

    [Fact]
    public void Templates()
    {
        const string Template = """
            {%- macro show(m, n=1) -%}{{ '<' ~ m['role'] | upper ~ '>' ~ (m.content | trim) * n }}{%- endmacro -%}
            {%- if tools is defined and tools %}{{ tools | tojson(indent=2) }}{% endif -%}
            {%- for message in messages if message.content is string -%}
            {%- set ns = namespace(last=loop.index0, seen=false) -%}
            {%- if loop.first and message.role != 'system' -%}{{ raise_exception('no system turn: ' + message.role[:3]) if strict is defined else '' }}
            {%- elif not loop.last -%}{% generation %}{{ show(message, n=2 ** 1) }}{% endgeneration %}
            {%- else -%}{{ show(message) | replace('a', 'b') | default('none') }}{%- endif -%}
            {%- endfor -%}{{ messages | map(attribute='role') | list | length % 3 }}{{ '%s|%d' | format('x', 7 // 2) }}
            """;
        JsonObject context = JsonNode.Parse("""{"messages":[{"role":"user","content":" hello a "},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"tools":[{"name":"f"}]}""")!.AsObject();
        TemplateOptions limits = new() { Now = new DateTime(2026, 3, 9), Limits = new TemplateLimits { MaxSteps = 100_000, MaxText = 4 << 20, MaxOutput = 1 << 20 } };
        Fuzz("template", Encoding.UTF8.GetBytes(Template), damaged => ChatTemplate.Parse(Encoding.UTF8.GetString(damaged)).Render((JsonObject)context.DeepClone(), limits));
    }

    private static void Fuzz(string name, byte[] whole, Action<byte[]> open)
    {
        open(whole); // undamaged, it must be readable
        RandomStream all = new(21, $"fuzz/{name}");
        int refused = 0;
        for (int i = 0; i < Mutations; i++)
        {
            byte[] damaged = Formats.Mutations.Apply(whole, all.Derive(i));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                open(damaged);
            }
            catch (HoneException)
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"{name}, mutation {i}: {error}\n{Convert.ToBase64String(damaged)}");
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocation);
        }
        Assert.InRange(refused, Mutations / 20, Mutations); // the damage is real
    }
}
