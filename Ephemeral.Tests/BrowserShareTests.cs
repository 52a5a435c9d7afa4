using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>A page is passed on: by a code for a camera, by words, by the device's own sheet, on paper, as source.</summary>
public sealed class BrowserShareTests(BrowserStage stage) : BrowserTest(stage)
{
    // Draws what is on the screen as a camera would see it, and gives the pixels to a library that reads codes.
    private const string Pixels = """
        async code => {
          const picture = new Image();
          picture.src = 'data:image/svg+xml,' + encodeURIComponent(new XMLSerializer().serializeToString(code));
          await picture.decode();
          const canvas = new OffscreenCanvas(600, 600);
          const context = canvas.getContext('2d');
          context.drawImage(picture, 0, 0, 600, 600);
          return jsQR(context.getImageData(0, 0, 600, 600).data, 600, 600)?.data ?? 'unreadable';
        }
        """;

    private readonly string _text = Fresh("Passed on");

    [BrowserTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_code_is_the_whole_link(bool isPrivate)
    {
        var person = await Person("person");
        await person.Visit();
        await person.TextArea.FillAsync(_text);
        if (isPrivate) await person.Page.GetByText("Private", new() { Exact = true }).ClickAsync();
        await person.PressCreate();
        await person.Button("Share").ClickAsync();
        await Expect(person.Button("Share")).ToHaveAttributeAsync("aria-expanded", "true");
        var code = person.Page.GetByRole(AriaRole.Img, new() { Name = "QR code of the link" });
        await Expect(code).ToBeVisibleAsync();
        await person.Page.EvaluateAsync(await File.ReadAllTextAsync(Path.Combine(TestPlace.Client, "node_modules", "jsqr", "dist", "jsQR.js")));
        Assert.Equal(person.Page.Url, await code.EvaluateAsync<string>(Pixels));
        Assert.Equal(isPrivate, person.Page.Url.Contains('#', StringComparison.Ordinal));
        await person.Sees(isPrivate ? "The key is in the link" : "Whoever opens the link gets the page");
        await person.Sees("works on this machine only");

        await person.Button("Close").ClickAsync();
        await Expect(code).ToBeHiddenAsync();
        await Expect(person.Button("Share")).ToBeFocusedAsync();
    }

    [BrowserFact]
    public async Task Two_who_look_at_the_same_page_see_the_same_four_words_and_at_another_page_others()
    {
        var writer = await Person("writer");
        var page = await writer.Create(_text);
        var reader = await Person("reader", options: new() { Locale = "de-DE" });
        await reader.Visit(page);
        await reader.Page.GetByRole(AriaRole.Button, new() { Name = "Teilen" }).ClickAsync();
        var words = await Words(writer, "Share");
        Assert.Matches("^[a-z]+ · [a-z]+ · [a-z]+ · [a-z]+$", words);
        await Expect(reader.Page.Locator(".phrase")).ToHaveTextAsync(words);
        var other = await Person("other");
        await other.Create(_text + "!");
        Assert.NotEqual(words, await Words(other, "Share"));
    }

    [BrowserFact]
    public async Task The_source_is_shown_in_place_of_the_page_and_nothing_of_it_runs()
    {
        var person = await Person("person");
        await person.Create($"<h1>{_text}</h1><script>document.title = 'ran'</script>");
        await person.Button("Share").ClickAsync();
        await person.Button("View source").ClickAsync();
        var source = person.Page.GetByRole(AriaRole.Region, new() { Name = "Source of the page" });
        await Expect(source).ToHaveTextAsync($"<h1>{_text}</h1><script>document.title = 'ran'</script>");
        await Expect(person.Page.Locator("iframe")).ToBeHiddenAsync();
        await person.Button("View page").ClickAsync();
        await person.SeesPage(_text);
        await Expect(source).ToHaveCountAsync(0);
    }

    [BrowserFact]
    public async Task On_paper_there_is_the_whole_page_and_nothing_around_it()
    {
        var person = await Person("person");
        await person.Create($"<h1>{_text}</h1><p style='height:3000px'>long</p>");
        await person.SeesPage(_text);
        await person.Button("Share").ClickAsync();
        // The browser's own dialogue can't be looked at; what it would print can.
        await person.Page.EvaluateAsync("() => { window.print = () => { window.printed = document.querySelector('iframe').clientHeight; }; }");
        await person.Button("Print").ClickAsync();
        await person.Page.WaitForFunctionAsync("() => window.printed > 3000");
        await person.Page.EmulateMediaAsync(new() { Media = Media.Print });
        await Expect(person.Button("Share")).ToBeHiddenAsync();
        await Expect(person.Button("Run scripts")).ToBeHiddenAsync();
        await person.SeesPage(_text);
        await person.Page.EvaluateAsync("() => dispatchEvent(new Event('afterprint'))");
        await person.Page.WaitForFunctionAsync("() => document.querySelector('iframe').clientHeight < 3000");
    }

    [BrowserFact]
    public async Task The_devices_own_sheet_is_given_the_link_alone()
    {
        var person = await Person("person");
        await person.Page.AddInitScriptAsync("navigator.share = async what => { window.sheet = JSON.stringify(what); };");
        await person.Create($"<title>Secret title</title>{_text}");
        await person.Button("Share").ClickAsync();
        await person.Button("Send it by …").ClickAsync();
        await person.Page.WaitForFunctionAsync("() => window.sheet");
        Assert.Equal($$"""{"url":"{{person.Page.Url}}"}""", await person.Page.EvaluateAsync<string>("() => window.sheet"));
    }

    [BrowserFact]
    public async Task What_others_show_beside_a_link_is_the_same_for_every_page()
    {
        var person = await Person("person");
        var page = await person.Create($"<title>Secret title</title>{_text}");
        using var http = new HttpClient();
        var one = await http.GetStringAsync(new Uri(Stage.Web.Address, page));
        Assert.Equal(one, await http.GetStringAsync(new Uri(Stage.Web.Address, TestBlob.Fresh().Name)));
        Assert.Equal(one, await http.GetStringAsync(Stage.Web.Address));
        var picture = Regex.Match(one, "og:image\" content=\"([^\"]+)\"").Groups[1].Value;
        Assert.StartsWith(Stage.Web.Address.ToString(), picture, StringComparison.Ordinal);
        using var answer = await http.GetAsync(new Uri(picture));
        Assert.Equal("image/png", answer.Content.Headers.ContentType!.MediaType);
        using var found = await http.GetAsync(new Uri(Stage.Web.Address, page));
        Assert.Contains("noindex", string.Join(' ', found.Headers.GetValues("X-Robots-Tag")), StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task A_page_can_be_reported_where_the_operator_wants_to_be_told()
    {
        var web = await Ending(WebApp.Start("--Ephemeral:ReportUrl=mailto:abuse@example.org?subject={page}"));
        var person = await Person("person", web.Address);
        var page = await person.Create(_text);
        await person.Button("Share").ClickAsync();
        await Expect(person.Page.GetByRole(AriaRole.Link, new() { Name = "Report this page" })).ToHaveAttributeAsync("href", $"mailto:abuse@example.org?subject={page}");
    }

    private static async Task<string> Words(BrowserPerson person, string share)
    {
        await person.Button(share).ClickAsync();
        var phrase = person.Page.Locator(".phrase");
        await Expect(phrase).ToHaveTextAsync(new Regex("·"));
        return await phrase.InnerTextAsync();
    }
}
