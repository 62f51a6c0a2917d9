using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Hone.Tests.Server;

/// <summary>The real server: greedy text against <c>hone generate</c>, the client of the npm registry, Ctrl-C.</summary>
public sealed class ServeProcessTests
{
    private const string Smol = "models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";

    [Theory]
    [InlineData("models/seed-weak", false)]
    [InlineData(Smol, true)]
    public async Task Greedy_text_is_that_of_generate(string model, bool isShared)
    {
        string path = isShared ? SharedData.Require(model) : model;
        const string question = "Why is the sky blue? Answer in one sentence.";
        string messages = Path.GetTempFileName();
        await File.WriteAllTextAsync(messages, $$"""[{"role":"user","content":"{{question}}"}]""", TestContext.Current.CancellationToken);
        string expected = (string)JsonNode.Parse(HoneProcess.Run(["generate", "--model", path, "--messages", messages, "--max-tokens", "40", "--json", "--quiet"]).Output)!["text"]!;
        File.Delete(messages);
        using ServedProcess server = new("--model", path);
        for (int round = 0; round < 2; round++) // the second time from the kept prompt
        {
            using HttpResponseMessage response = await server.Http.PostAsJsonAsync("/v1/chat/completions", new { messages = new[] { new { role = "user", content = question } }, temperature = 0, max_tokens = 40 }, TestContext.Current.CancellationToken);
            JsonNode reply = (await response.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!;
            Assert.Equal(expected, (string)reply["choices"]![0]!["message"]!["content"]!);
        }
    }

    [Theory]
    [InlineData("models/seed-weak", "seed-weak", false)]
    [InlineData(Smol, "SmolLM2-135M-Instruct.Q4_1", true)]
    public void The_client_of_the_npm_registry_is_content(string model, string name, bool isShared)
    {
        string path = isShared ? SharedData.Require(model) : model;
        string folder = NodeFolder();
        string[] embedding = SharedData.Path("models/all-minilm-l6-v2") is { } minilm ? ["--embed-model", minilm] : [];
        using ServedProcess server = new([.. new[] { "--model", path }, .. embedding]);
        File.Copy(Path.Combine(SharedData.RepositoryRoot, "tests/Hone.Tests.Slow/Server/openai-client.mjs"), Path.Combine(folder, "client.mjs"), overwrite: true);
        (int code, string output) = Run("node", folder, "client.mjs", $"{server.Address}v1", name, embedding.Length > 0 ? "all-minilm-l6-v2" : name);
        Assert.True(code == 0 && output.Contains("all is well"), output);
    }

    [Fact]
    public void Without_a_key_it_warns_when_others_can_reach_it_and_Ctrl_C_ends_it_well()
    {
        using ServedProcess server = new("--model", "models/seed-weak", "--host", "0.0.0.0");
        ProcessResult result = server.Stop();
        Assert.Contains("anybody who reaches", result.Error);
        Assert.Contains("finishing accepted requests", result.Error);
        Assert.Equal((0, ""), (result.ExitCode, result.Output));
    }

    /// <summary>A folder with the client installed; skips where node or the registry is not there.</summary>
    private static string NodeFolder()
    {
        string folder = Path.Combine(Path.GetTempPath(), "hone-npm-client");
        Directory.CreateDirectory(folder);
        try
        {
            if (Directory.Exists(Path.Combine(folder, "node_modules", "openai"))) return folder;
            (int code, string output) = Run("npm", folder, "install", "openai@6", "--no-audit", "--no-fund");
            Assert.SkipWhen(code != 0, $"the npm package openai cannot be installed: {output}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("node is not installed");
        }
        return folder;
    }

    private static (int Code, string Output) Run(string program, string folder, params string[] args)
    {
        ProcessStartInfo start = new(program, args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }
}
