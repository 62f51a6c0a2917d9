using System.Text;
using Hone.Models.Formats;
using Hone.Models.Formats.Hub;

namespace Hone.Tests.Models.Formats.Hub;

public class HubNamesTests
{
    [Theory]
    [InlineData("acme/tiny", "acme/tiny", "main", "models--acme--tiny")]
    [InlineData("acme/tiny@v1.0", "acme/tiny", "v1.0", "models--acme--tiny")]
    [InlineData("gpt2@refs/pr/1", "gpt2", "refs/pr/1", "models--gpt2")]
    public void A_name_is_read(string text, string repository, string revision, string folder)
    {
        HubModelId id = HubModelId.Parse(text);
        Assert.Equal((repository, revision, folder), (id.Repository, id.Revision, id.FolderName));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b/c")]
    [InlineData("../b")]
    [InlineData("a/..")]
    [InlineData("a/b@../../x")]
    [InlineData("a/b@")]
    [InlineData("a/b@/etc")]
    [InlineData("a--b/c")]
    [InlineData("a b/c")]
    [InlineData("a/b\n")]
    [InlineData("./model")]
    public void Anything_else_is_not_a_name(string text) => Assert.Null(HubModelId.TryParse(text));

    [Fact]
    public void The_cache_is_where_the_environment_says()
    {
        Assert.Equal("/x/hub", Folder(("HF_HOME", "/x")));
        Assert.Equal("/y", Folder(("HF_HOME", "/x"), ("HF_HUB_CACHE", "/y")));
        Assert.Equal("/c/huggingface/hub", Folder(("XDG_CACHE_HOME", "/c")));
        Assert.EndsWith(Path.Combine(".cache", "huggingface", "hub"), Folder());

        static string Folder(params (string Name, string Value)[] variables) =>
            HubCache.FromEnvironment(name => variables.FirstOrDefault(v => v.Name == name).Value).Folder;
    }

    [Fact]
    public void Address_and_token_come_from_the_environment()
    {
        using TempFolder folder = new();
        folder.Write("token", "stored\n");
        Assert.Equal("stored", Options(("HF_HOME", folder.Path)).Token);
        Assert.Equal("given", Options(("HF_HOME", folder.Path), ("HF_TOKEN", " given ")).Token);
        Assert.Null(Options(("HF_HOME", folder["none"])).Token);
        Assert.Equal("https://huggingface.co/", Options(("HF_HOME", folder["none"])).Endpoint.ToString());
        Assert.Equal("http://mirror:8080/hf", Options(("HF_HOME", folder["none"]), ("HF_ENDPOINT", "http://mirror:8080/hf/")).Endpoint.ToString());
        Assert.Throws<HoneException>(() => Options(("HF_HOME", folder["none"]), ("HF_ENDPOINT", "ftp://x")));

        static HubOptions Options(params (string Name, string Value)[] variables) =>
            HubOptions.FromEnvironment(name => variables.FirstOrDefault(v => v.Name == name).Value);
    }

    [Fact]
    public void A_cache_with_nothing_or_rubbish_in_it_finds_nothing()
    {
        using TempFolder folder = new();
        HubCache cache = new(folder.Path);
        Assert.Null(cache.Find("acme/tiny"));
        folder.Write("models--acme--tiny/refs/main", "../../../../etc");
        Assert.Null(cache.Find("acme/tiny"));
        folder.Write("models--acme--tiny/refs/main", FakeHub.Commit);
        Assert.Null(cache.Find("acme/tiny"));
        Assert.Null(cache.Find("not a name"));
        HoneException error = Assert.Throws<HoneException>(() => ModelFiles.Locate("acme/tiny", cache));
        Assert.Contains("run: hone pull acme/tiny", error.Message);
    }

    [Theory]
    [InlineData("../x.json")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../config.json")]
    [InlineData("a//b")]
    [InlineData("a\\b")]
    [InlineData("C:config.json")]
    [InlineData("config\u0000.json")]
    [InlineData("")]
    public void A_listing_cannot_name_files_outside(string name)
    {
        string json = $"{{\"sha\":\"{FakeHub.Commit}\",\"siblings\":[{{\"rfilename\":{System.Text.Json.JsonSerializer.Serialize(name)}}}]}}";
        Assert.Throws<HoneException>(() => HubListing.Parse(Encoding.UTF8.GetBytes(json), "hub"));
    }

    [Theory]
    [InlineData("<html>", "not a listing")]
    [InlineData("[]", "not a listing")]
    [InlineData("{}", "commit ''")]
    [InlineData("{\"sha\":\"../..\",\"siblings\":[]}", "commit '../..'")]
    [InlineData("{\"sha\":\"0123456789abcdef0123456789abcdef01234567\"}", "no 'siblings'")]
    [InlineData("{\"sha\":\"0123456789abcdef0123456789abcdef01234567\",\"siblings\":[1]}", "not a listing")]
    [InlineData("{\"sha\":\"0123456789abcdef0123456789abcdef01234567\",\"siblings\":[{\"rfilename\":\"a\",\"size\":-1}]}", "which cannot be")]
    [InlineData("{\"sha\":\"0123456789abcdef0123456789abcdef01234567\",\"siblings\":[{\"rfilename\":\"a\",\"lfs\":{\"sha256\":\"../x\"}}]}", "malformed hash")]
    public void A_listing_that_is_none_is_refused(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<HoneException>(() => HubListing.Parse(Encoding.UTF8.GetBytes(json), "hub")).Message);

    [Fact]
    public void Only_what_a_run_needs_is_chosen()
    {
        string[] needed = ["config.json", "config.v4.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model",
            "vocab.json", "vocab.txt", "merges.txt", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "chat_template.json",
            "modules.json", "sentence_bert_config.json", "1_Pooling/config.json", "preprocessor_config.json"];
        string[] shards = ["model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        string[] rest = ["README.md", ".gitattributes", "pytorch_model.bin", "consolidated.safetensors", "onnx/config.json", "x/model.safetensors", "tf_model.h5", "m.Q4_K_M.gguf", "m.Q8_0.gguf"];
        Assert.Equal([.. needed, .. shards], Chosen([.. needed, .. shards, .. rest], null));
        Assert.Equal([.. needed, "model.safetensors"], Chosen([.. needed, "model.safetensors", .. shards, .. rest], null));
        Assert.Equal(["config.json", "odd.safetensors"], Chosen(["config.json", "odd.safetensors"], null));
        Assert.Equal(["config.json", "m.Q4_K_M.gguf"], Chosen(["config.json", .. shards, .. rest], "q4_k"));
        Assert.Contains("2 GGUF files fit '.gguf'", Refusal(rest, ".gguf"));
        Assert.Contains("no GGUF files fit 'Q2', expected one. It has m.Q4_K_M.gguf, m.Q8_0.gguf.", Refusal(rest, "Q2"));
        Assert.Contains("has no safetensors, but these GGUF files", Refusal(["a.gguf"], null));
        Assert.Contains("no weights here that can be read", Refusal(["pytorch_model.bin"], null));

        static IEnumerable<string> Chosen(string[] names, string? gguf) => HubSelection.Choose(Files(names), gguf, "acme/tiny").Select(file => file.Path);
        static string Refusal(string[] names, string? gguf) => Assert.Throws<HoneException>(() => HubSelection.Choose(Files(names), gguf, "acme/tiny")).Message;
        static HubFile[] Files(string[] names) => [.. names.Select(name => new HubFile(name, 1, null, null))];
    }
}
