using Microsoft.Playwright;

namespace Hone.Tests.Server;

/// <summary>The page in a real browser, by keyboard alone.</summary>
public sealed class PageTests
{
    private static readonly string[] Browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    [Fact]
    public async Task A_person_chats_and_looks_at_tokens_by_keyboard()
    {
        string? browser = Array.Find(Browsers, File.Exists);
        Assert.SkipWhen(browser is null, "no Chromium is installed");
        using ServedProcess server = new("--model", "models/seed-weak");
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser chromium = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = browser, Args = ["--no-sandbox"] });
        IPage page = await chromium.NewPageAsync();
        List<string> errors = [];
        page.PageError += (_, error) => errors.Add(error);
        page.Console += (_, message) => { if (message.Type == "error") errors.Add(message.Text); };
        await page.GotoAsync(server.Address.ToString());
        Assert.Equal("seed-weak", await page.Locator("#model").InputValueAsync());

        // The cursor is in the message field: typing and Enter send.
        await page.Keyboard.TypeAsync("Ann has 3 cups. She buys 4 more. How many cups does Ann have now?");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#send")).ToBeEnabledAsync(new() { Timeout = 30_000 });
        string reply = await page.Locator("article.assistant div").InnerTextAsync();
        Assert.NotEmpty(reply);
        Assert.Matches("^[0-9.]+ tokens/s$", await page.Locator("#speed").InnerTextAsync());
        await Assertions.Expect(page.Locator("#cache")).ToHaveAttributeAsync("data-bytes", new System.Text.RegularExpressions.Regex("^[1-9]"));

        // From the message field back to the first token, then on by arrow: each shows its probability and its rivals.
        await page.Keyboard.PressAsync("Shift+Tab");
        Assert.Equal("t", await page.EvaluateAsync<string>("document.activeElement.classList[0]"));
        string first = await page.Locator("#token").InnerTextAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        string second = await page.Locator("#token").InnerTextAsync();
        Assert.Contains("chosen", first);
        Assert.Contains("%", second);
        Assert.NotEqual(first, second);
        Assert.True(await page.Locator("#token tr").CountAsync() >= 5);

        // A second turn goes on with the first; a new conversation forgets both.
        await page.Locator("#text").FillAsync("And then?");
        await page.Locator("#send").ClickAsync();
        await Assertions.Expect(page.Locator("article.assistant")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator("#send")).ToBeEnabledAsync(new() { Timeout = 30_000 });
        await page.Locator("#clear").ClickAsync();
        await Assertions.Expect(page.Locator("article")).ToHaveCountAsync(0);
        Assert.Empty(errors);
    }

    [Fact]
    public async Task What_the_server_refuses_is_shown_and_Escape_stops()
    {
        string? browser = Array.Find(Browsers, File.Exists);
        Assert.SkipWhen(browser is null, "no Chromium is installed");
        using ServedProcess server = new("--model", "models/seed-weak");
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser chromium = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = browser, Args = ["--no-sandbox"] });
        IPage page = await chromium.NewPageAsync();
        await page.GotoAsync(server.Address.ToString());
        await page.Locator("#most").FillAsync("9999");
        await page.Locator("#text").FillAsync("Ann");
        await page.Locator("#text").PressAsync("Enter");
        await Assertions.Expect(page.Locator("#problem")).ToContainTextAsync("the context has room for");
        await page.Locator("#most").FillAsync("450");
        await page.Locator("#temperature").FillAsync("5");
        await page.Locator("#text").FillAsync("Ann");
        await page.Locator("#text").PressAsync("Enter");
        await page.Locator("article.assistant >> nth=1").Locator("span.t").First.WaitForAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("#send")).ToBeEnabledAsync(new() { Timeout = 10_000 });
        Assert.Equal("", await page.Locator("#problem").InnerTextAsync());
    }
}
