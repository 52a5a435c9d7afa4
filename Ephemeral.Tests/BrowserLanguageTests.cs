using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>The site speaks the browser's language, or the one that was chosen.</summary>
public sealed class BrowserLanguageTests(BrowserStage stage) : BrowserTest(stage)
{
    [BrowserTheory]
    [InlineData("en-US", "en-US", "ltr", "Create page")]
    [InlineData("de-CH", "de-CH", "ltr", "Seite erstellen")]
    [InlineData("es-MX", "es-MX", "ltr", "Crear página")]
    [InlineData("fr-CA", "fr-CA", "ltr", "Créer la page")]
    [InlineData("ja-JP", "ja-JP", "ltr", "ページを作る")]
    [InlineData("ar-EG", "ar-EG", "rtl", "إنشاء الصفحة")]
    [InlineData("nl-NL", "en", "ltr", "Create page")]
    public async Task It_speaks_the_browsers_language_if_it_can(string browser, string spoken, string direction, string create)
    {
        var person = await Person("person", options: new() { Locale = browser });
        List<string> loaded = [];
        person.Page.Request += (_, request) => loaded.Add(new Uri(request.Url).AbsolutePath);
        await person.Visit();
        await Expect(person.Button(create)).ToBeVisibleAsync();
        var html = person.Page.Locator("html");
        await Expect(html).ToHaveAttributeAsync("lang", spoken);
        await Expect(html).ToHaveAttributeAsync("dir", direction);
        // One language is loaded beside English, and none by those who speak English.
        string[] others = [.. loaded.Where(path => path.StartsWith("/assets/", StringComparison.Ordinal)).Select(path => path[8..10]).Where(two => "de es fr ja ar".Contains(two, StringComparison.Ordinal)).Distinct()];
        Assert.Equal(create == "Create page" ? [] : [spoken[..2]], others);
        await person.FitsTheScreen(browser);
    }

    [BrowserFact]
    public async Task Another_one_is_chosen_in_the_middle_of_it_and_nothing_is_lost()
    {
        var text = Fresh("Held in every language");
        var person = await Person("person");
        var reader = await Person("reader");
        var page = await person.Create(text);
        await reader.Visit(page);
        await reader.SeesViewing(2);
        var language = person.Page.GetByLabel("Language");
        await language.SelectOptionAsync("Deutsch");
        await person.Sees("Du und 1 andere Person halten diese Seite am Leben.");
        await person.SeesPage(text);
        await Expect(person.Page.GetByLabel("Sprache")).ToBeFocusedAsync();

        await person.Page.GetByRole(AriaRole.Link, new() { Name = "Neue Seite" }).ClickAsync();
        var area = person.Page.GetByRole(AriaRole.Textbox, new() { Name = "Deine Seite" });
        await area.FillAsync("half a sen");
        await person.Page.Locator("#add-files").SetInputFilesAsync(new FilePayload { Name = "a.txt", MimeType = "text/plain", Buffer = [1, 2] });
        await person.Page.GetByLabel("Sprache").SelectOptionAsync("العربية");
        await Expect(person.Page.GetByRole(AriaRole.Textbox, new() { Name = "صفحتك" })).ToHaveValueAsync("half a sen");
        await Expect(person.Main.GetByText("a.txt")).ToBeVisibleAsync();
        await Expect(person.Page.Locator("html")).ToHaveAttributeAsync("dir", "rtl");
        await person.Sees("ما زال هذا اللسان يحفظ صفحة حية:");
        await reader.SeesViewing(2);

        // The choice is kept for the next time; the page is not let go by any of this.
        await person.Visit(page);
        await person.SeesPage(text);
        await person.Sees("أنت و");
        await reader.SeesViewing(2);
    }

    [BrowserFact]
    public async Task An_address_that_is_none_is_said_in_the_readers_language()
    {
        var person = await Person("person", options: new() { Locale = "fr-FR" });
        person.Expects("404");
        await person.Visit("nonsense");
        await person.SeesHeading("Ce n’est pas l’adresse d’une page");
        await Expect(person.Page).ToHaveTitleAsync("Pas l’adresse d’une page · Ephemeral");
        await person.Page.GetByRole(AriaRole.Link, new() { Name = "Écrire votre propre page" }).ClickAsync();
        await Expect(person.Button("Créer la page")).ToBeVisibleAsync();
    }
}
